"""The dataset clinic: what was found, and what it means for the training."""

from __future__ import annotations

import streamlit as st

from pages.parts.dataset import planned_training
from pages.parts.shared.services import services
from pages.parts.shared.wording import language, plain, say
from story_engine import flows
from story_engine.domain.finding import Finding
from story_engine.flows.dataset_view import DatasetView
from story_engine.messages import message

_ICONS = {
    "ok": ":green[:material/check_circle:]",
    "warning": ":orange[:material/warning:]",
    "bad": ":red[:material/error:]",
}
_ORDER = ("bad", "warning", "ok")


def draw(view: DatasetView) -> None:
    """For which training, findings, histograms."""
    training = planned_training.draw()
    found = flows.dataset_view.clinic(
        services(), view.name, side=training.side, steps=training.steps, batch_size=training.batch_size
    )
    left, right = st.columns([7, 5], gap="large")
    with left, st.container(key="card-dataset-clinic", gap="small"):
        for finding in sorted(found.findings, key=lambda each: _ORDER.index(each.state)):
            _draw_finding(view.name, finding)
    with right:
        _draw_histogram(say("dataset_sizes"), found.sizes)
        _draw_histogram(say("dataset_ratios"), found.ratios)


def _draw_finding(name: str, finding: Finding) -> None:
    st.markdown(f"{_ICONS[finding.state]} {plain(message(finding.code, language(), **finding.values))}")
    thumbnails = [services().datasets.thumbnail(name, file) for file in finding.files]
    there = [(file, path) for file, path in zip(finding.files, thumbnails, strict=True) if path.is_file()]
    if there:
        with st.container(horizontal=True, gap="xsmall"):
            for file, path in there:
                st.image(str(path), width=56, alt=file)


def _draw_histogram(title: str, bars: tuple[tuple[str, int], ...]) -> None:
    if not bars:
        return
    st.markdown(f"**{title}**")
    most = max(count for _, count in bars)
    for label, count in bars:
        st.progress(count / most if most else 0.0, text=plain(f"{label} · {count}"))
