"""The board as a presentation: full screen, slide by slide, each a picture that can be saved as it is seen."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.parts.shared.component_data import given
from pages.parts.shared.wording import language, say, texts
from pages.parts.story.presentation import route
from story_engine.domain.board import OpenStory

_HERE = Path(__file__).parent
_TEXTS = "presentation."
_mount = st.components.v2.component(
    "story_studio_presentation",
    css=(_HERE / "component.css").read_text(encoding="utf-8"),
    js=(_HERE / "component.js").read_text(encoding="utf-8"),
)


def draw(now: OpenStory) -> None:
    """The buttons that begin it and that save the board as a picture; nothing while there is no picture."""
    panels = now.board.panels
    if all(panel.chosen is None for panel in panels):
        return
    names = [
        " · ".join(part for part in (f"{number}", panel.scene.title, panel.scene.caption) if part)
        for number, panel in enumerate(panels, start=1)
    ]
    _mount(
        key=f"presentation-{now.slug}",
        data=given(
            address=route.address(now),
            title=now.story.title or say("home.untitled"),
            names=names,
            file=now.slug,
            texts={key.removeprefix(_TEXTS): text for key, text in texts(language()).items() if key.startswith(_TEXTS)},
        ),
    )
