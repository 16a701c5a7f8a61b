"""Lines that a scene's picture is held to, drawn by hand on a white sheet: in a dialog over the story."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.parts.shared import fields, notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import say
from pages.parts.story import brush
from story_engine import flows
from story_engine.domain.story import Story

KIND = "edges"
_PEN = brush.Pen(ink="#111", sizes=(0.004, 0.009, 0.1))
_TEXTS = ("canvas", "hint", "send", "nothing", "sent")
_OPEN = "sketch-open"


def ask(slug: str, scene: str) -> None:
    """Open the dialog for a scene in the next run."""
    st.session_state[_OPEN] = (slug, scene)


def draw(slug: str, story: Story) -> None:
    """The dialog, while it is open."""
    opened, scene = st.session_state.get(_OPEN, ("", ""))
    number = next((place for place, each in enumerate(story.scenes, start=1) if each.id == scene), None)
    if opened != slug or number is None:
        return

    @st.dialog(say("sketch.title", n=number), width="large", on_dismiss=_close)
    def over() -> None:
        with notices.shown_here():
            size = flows.controls.size_of(services(), story)
            take_in = partial(_take_in, slug, scene)
            texts = {name: say(f"sketch.{name}") for name in _TEXTS}
            brush.draw(f"{slug}-{scene}", texts=texts, size=size, pen=_PEN, take_in=take_in)

    over()


def _take_in(slug: str, scene: str, painted: brush.Painted) -> None:
    fields.save_all()
    before = services().stories.load(slug).revision
    name = say("sketch.file")
    flows.controls.use_upload(services(), slug, scene, KIND, name=name, content=painted.png, reading="drawing")
    _close()
    notices.tell("sketch.done", undo=notices.Undo(kind="revision", token=str(before), story=slug))


def _close() -> None:
    st.session_state.pop(_OPEN, None)
