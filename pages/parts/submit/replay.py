"""Replay: the bundle painted again from itself alone, and how far each picture is from the one handed in."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.parts.shared import live, notices
from pages.parts.shared.services import ask, services
from pages.parts.shared.wording import language, plain, say
from story_engine import flows
from story_engine.domain.job import JobView
from story_engine.domain.replay import ReplayReport
from story_engine.flows.bundle_plan import BundlePlan
from story_engine.formats.certificate import COLUMNS, cells, other_conditions, verdict
from story_engine.messages import message

_SHOWN = (
    "replay.column_picture",
    "replay.column_differing",
    "replay.column_largest",
    "replay.column_mean",
    "replay.column_score_distance",
)
"""As many columns as a phone has room for; the certificate has them all."""
_ICONS = {
    "replay.all_identical": ":green[:material/verified:]",
    "replay.within_rounding": ":green[:material/check_circle:]",
    "replay.different": ":orange[:material/warning:]",
}


def draw(plan: BundlePlan) -> None:
    """The button, and what came out for the pictures that are chosen now."""
    slug = plan.opened.slug
    path = flows.replay.bundle_of(services(), plan)
    last = _last(slug)
    with st.container(key="card-replay", gap="small"):
        st.header(say("submit.replay"), anchor=False)
        st.caption(say("submit.replay_text"))
        st.button(
            say("submit.replay_start"),
            key="replay-start",
            icon=":material/replay:",
            disabled=path is None or (last is not None and last.is_active),
            on_click=notices.attempt,
            args=(_start, path, slug),
        )
        if path is None:
            st.caption(say("submit.replay_no_bundle"))
        elif last is not None and last.is_active:
            st.caption(say("submit.replay_running"))
        if last is not None and last.state == "failed":
            st.markdown(f":red[:material/error:] {plain(live.failure(last) or '')}")
        report = flows.replay.known(services(), plan.pictures)
        if report is not None:
            _draw_report(report)
            if path is not None and not flows.replay.holds_certificate(path, report):
                st.caption(f":material/inventory_2: {say('submit.replay_again')}")


def _draw_report(report: ReplayReport) -> None:
    figures = {"count": len(report.pictures), "identical": report.identical, "largest": report.largest}
    code = verdict(report)
    st.markdown(f"{_ICONS[code]} {plain(message(code, language(), **figures))}")
    shown = [COLUMNS.index(each) for each in _SHOWN]
    rows = ["| " + " | ".join(message(each, language()) for each in _SHOWN) + " |"]
    rows.append("|---|" + "---:|" * (len(shown) - 1))
    for picture in report.pictures:
        row = cells(picture)
        name, *figures_of_it = (row[place] for place in shown)
        rows.append("| " + " | ".join((name.removeprefix("images/").removesuffix(".png"), *figures_of_it)) + " |")
    st.markdown("\n".join(rows))
    other = other_conditions(report)
    if other:
        lines = [f"- {plain(name)}: {plain(then)} → {plain(now)}" for name, (then, now) in other.items()]
        st.caption("\n".join([message("replay.other_conditions", language()), "", *lines]))


def _last(slug: str) -> JobView | None:
    """The newest replay of this story; the ledger knows it in every tab."""
    jobs = [job for job in flows.queue.jobs(services(), story=slug, active=False) if job.kind == "replay"]
    return jobs[-1] if jobs else None


def _start(path: Path, slug: str) -> None:
    ask(flows.replay.start)(path, story=slug)
