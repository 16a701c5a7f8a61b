"""The board, or one panel, for another tool."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.services import services
from pages.parts.shared.wording import language, plain, say
from story_engine import flows
from story_engine.domain.board import OpenStory
from story_engine.errors import StudioError
from story_engine.flows.elsewhere import TOOLS
from story_engine.messages import message


def draw(now: OpenStory) -> None:
    """What to take, where to, and what will come out otherwise there."""
    key = f"elsewhere-{now.slug}"
    with st.expander(say("elsewhere.title"), icon=":material/output:", key=key, on_change="rerun") as folded:
        if not folded.open:
            return
        st.caption(say("elsewhere.text"))
        titles = {
            panel.scene.id: f"{number}. {panel.scene.title or say('scene.number', n=number)}"
            for number, panel in enumerate(now.board.panels, start=1)
        }
        tool = st.selectbox(
            say("elsewhere.tool"), TOOLS, format_func=lambda each: say(f"elsewhere.tool_{each}"), key=f"{key}-tool"
        )
        scene = st.selectbox(
            say("elsewhere.what"),
            [None, *titles],
            format_func=lambda each: say("elsewhere.all") if each is None else titles[each],
            key=f"{key}-scene",
        )
        try:
            made = flows.elsewhere.take_elsewhere(services(), now, tool=tool, scene=scene, language=language())
        except StudioError as error:
            st.warning(plain(message(error.code, language(), **error.values)), icon=":material/error:")
            return
        for each in made.differences:
            st.caption(f":material/info: {plain(message(each.code, language(), **each.values))}")
        st.download_button(
            say("elsewhere.download", name=plain(made.name)),
            data=made.content,
            file_name=made.name,
            key=f"{key}-download",
            icon=":material/download:",
            on_click="ignore",
        )
