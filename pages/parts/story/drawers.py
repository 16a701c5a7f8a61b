"""What belongs to the whole story, folded away: words, characters, settings, history. One drawer is open at a time."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.parts.shared import inputs
from pages.parts.shared.fields import Field
from pages.parts.shared.wording import labels, say
from pages.parts.story import cast, history, replace
from pages.parts.story import settings as story_settings
from story_engine.domain.story import Story

DRAWERS = ("words", "cast", "settings", "replace", "history")


def draw(slug: str, story: Story, beside: Callable[[], None]) -> None:
    """The row of handles with something `beside` them, and the open drawer."""
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small", key="handles"
    ):
        opened = st.segmented_control(
            say("drawer.label"),
            DRAWERS,
            format_func=labels("drawer.", DRAWERS).__getitem__,
            key=f"drawer-{slug}",
            label_visibility="collapsed",
        )
        beside()
    if opened is None:
        return
    with st.container(key=f"card-drawer-{opened}"):
        if opened == "words":
            _draw_words(slug, story)
        elif opened == "cast":
            cast.draw(slug, story)
        elif opened == "settings":
            story_settings.draw(slug, story)
        elif opened == "replace":
            replace.draw(slug, story)
        else:
            history.draw(slug)


def _draw_words(slug: str, story: Story) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        inputs.text_area(
            Field(slug, None, "style"), story.style, label=say("story.style"), placeholder=say("story.style_hint")
        )
    with right:
        inputs.text_area(
            Field(slug, None, "negative"),
            story.negative,
            label=say("story.negative"),
            placeholder=say("story.negative_hint"),
        )
    st.caption(say("story.words_note"))
