"""The contact sheet of the chosen panels."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.parts.shared import notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import labels, say
from story_engine import flows
from story_engine.domain.board import OpenStory
from story_engine.domain.comic import SHEETS


def draw(now: OpenStory) -> None:
    """All chosen panels on one picture, in the layout that the bundle has."""
    st.header(say("submit.sheet"), anchor=False)
    if all(panel.chosen is None for panel in now.board.panels):
        st.caption(say("submit.no_sheet"))
        return
    key = f"sheet-{now.slug}"
    st.session_state[key] = flows.comic.options(services(), now.slug).sheet
    st.segmented_control(
        say("submit.sheet_layout"),
        SHEETS,
        format_func=labels("submit.sheet_", SHEETS).__getitem__,
        key=key,
        required=True,
        label_visibility="collapsed",
        on_change=lambda: notices.attempt(
            partial(flows.comic.choose, services(), now.slug), sheet=st.session_state[key]
        ),
    )
    pictures = tuple(str(panel.chosen.picture) for panel in now.board.panels if panel.chosen is not None)
    st.image(_sheet(pictures, st.session_state[key], now), width="stretch", alt=say("submit.sheet"))


@st.cache_data(max_entries=8, show_spinner=False)
def _sheet(pictures: tuple[str, ...], layout: str, _now: OpenStory) -> bytes:
    """Painted once for its pictures: a take never changes under its name."""
    del pictures
    return flows.comic.sheet(services(), _now, layout)
