"""The submission page: gate, what drags it, checklist, contact sheet, bundle."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import streamlit as st

from pages.parts.shared import live, notices, opened, zip_download
from pages.parts.shared.services import ask, services
from pages.parts.shared.wording import language, plain, say, signed, size
from pages.parts.story import head
from pages.parts.story import page as story_page
from pages.parts.story.panel_picture import jpeg
from story_engine import flows
from story_engine.domain.board import Board, OpenStory
from story_engine.domain.views import CheckItem, GateView
from story_engine.messages import message

_ICONS = {
    "ok": ":green[:material/check_circle:]",
    "warning": ":orange[:material/warning:]",
    "blocks": ":red[:material/block:]",
}
HIGHEST_SCORE = 10.0
LEAST_PULL = 0.005
"""What would be written as 0.00 is not worth a word."""


def draw() -> None:
    """The open story, read once: gate, checklist and sheet speak of the same pictures."""
    slug = opened.slug()
    if slug is None:
        story_page.choose("submit")
        return
    if st.query_params.get("story") != slug:
        st.query_params["story"] = slug
    now = flows.panels.open_story(services(), slug)
    st.title(say("submit.title", title=plain(now.story.title) or say("home.untitled")), anchor=False)
    live.follow(story=slug, quiet=True)
    left, right = st.columns([7, 5], gap="large")
    with left:
        gate = _draw_gate(now)
        _draw_bars(now.board, gate)
        items = flows.export.checklist(services(), now, threshold=head.threshold())
        _draw_checklist(items)
        _draw_export(slug, items)
    with right:
        _draw_sheet(now)


def _draw_gate(now: OpenStory) -> GateView:
    with st.container(key="card-gate", gap="small"):
        row = st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute")
        threshold = row.empty()
        key = "gate_threshold"
        st.session_state.setdefault(key, head.threshold())
        value = threshold.number_input(
            say("submit.threshold"),
            min_value=0.0,
            max_value=HIGHEST_SCORE,
            step=0.1,
            format="%.1f",
            key=key,
            on_change=lambda: st.session_state.__setitem__("gate_chosen", st.session_state[key]),
            width=150,
            help=say("submit.threshold_hint"),
        )
        gate = flows.export.gate_view(services(), now, threshold=float(value))
        with row:
            st.metric(
                say("submit.mean") if gate.is_challenge else say("submit.mean_preview"),
                f"{gate.mean:z.2f}" if gate.mean is not None else "–",
                delta=signed(gate.distance) if gate.distance is not None else None,
                width="content",
            )
            if gate.scored < gate.panels:
                st.button(
                    say("toolbar.rescore"),
                    key="submit-rescore",
                    icon=":material/star:",
                    on_click=notices.attempt,
                    args=(ask(flows.queue.rescore), now.slug),
                )
        if not gate.is_challenge:
            st.caption(f":material/info: {say('submit.preview_only')}")
    return gate


def _draw_bars(board: Board, gate: GateView) -> None:
    st.subheader(say("submit.panels"), anchor=False)
    worst = min((pull for pull in gate.pulls if pull is not None), default=None)
    for number, (panel, value, pull) in enumerate(zip(board.panels, gate.values, gate.pulls, strict=True), start=1):
        name = plain(panel.scene.title or say("scene.number", n=number))
        with st.container(horizontal=True, vertical_alignment="center", key=f"bar-{panel.scene.id}", gap="small"):
            if panel.chosen is not None:
                st.image(jpeg(panel.chosen.thumbnail), width=44, alt=say("panel.picture_of", name=panel.scene.title))
            if value is None:
                reason = "submit.no_picture" if panel.chosen is None else "submit.no_score"
                st.progress(0.0, text=f"{number}. {name} · {say(reason)}")
                continue
            text = f"{number}. {name} · **{value:z.2f}**"
            if pull is not None and pull == worst and pull <= -LEAST_PULL:
                text += f" · :orange[{say('submit.drags', pull=signed(pull))}]"
            elif pull is not None and abs(pull) >= LEAST_PULL:
                text += f" · {signed(pull)}"
            st.progress(min(1.0, max(0.0, value / HIGHEST_SCORE)), text=text)


def _draw_checklist(items: tuple[CheckItem, ...]) -> None:
    st.subheader(say("submit.checklist"), anchor=False)
    with st.container(key="checklist", gap="xsmall"):
        for item in items:
            st.markdown(f"{_ICONS[item.state]} {plain(message(item.code, language(), **item.values))}")


def _draw_export(slug: str, items: tuple[CheckItem, ...]) -> None:
    blocked = any(item.state == "blocks" for item in items)
    ready = f"bundle-{slug}"
    with st.container(key="card-export", gap="small"):
        st.subheader(say("submit.bundle"), anchor=False)
        st.caption(say("submit.bundle_text"))
        st.button(
            say("submit.export"),
            key="export",
            type="primary",
            icon=":material/inventory_2:",
            disabled=blocked,
            on_click=notices.attempt,
            args=(_export, slug, ready),
        )
        if blocked:
            st.caption(say("submit.blocked"))
        path: Path | None = st.session_state.get(ready)
        if path is not None and path.is_file():
            zip_download.draw(path, key="download-bundle")
            _draw_files(path)


def _draw_files(path: Path) -> None:
    with ZipFile(path) as bundle:
        listed = "\n".join(f"{entry.filename}  ({size(entry.file_size)})" for entry in bundle.infolist())
    with st.expander(say("submit.files"), type="compact"):
        st.code(listed, language=None, wrap_lines=True)


def _export(slug: str, ready: str) -> None:
    st.session_state[ready] = flows.export.export(services(), slug, threshold=head.threshold())


def _draw_sheet(now: OpenStory) -> None:
    st.subheader(say("submit.sheet"), anchor=False)
    if all(panel.chosen is None for panel in now.board.panels):
        st.caption(say("submit.no_sheet"))
        return
    st.image(flows.export.sheet(services(), now), width="stretch", alt=say("submit.sheet"))
