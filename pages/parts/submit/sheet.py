"""The contact sheet of the chosen panels."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.services import services
from pages.parts.shared.wording import say
from story_engine import flows
from story_engine.domain.board import OpenStory


def draw(now: OpenStory) -> None:
    """All chosen panels on one picture."""
    st.subheader(say("submit.sheet"), anchor=False)
    if all(panel.chosen is None for panel in now.board.panels):
        st.caption(say("submit.no_sheet"))
        return
    st.image(flows.comic.sheet(services(), now), width="stretch", alt=say("submit.sheet"))
