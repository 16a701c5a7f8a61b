"""Over the scenes of a story in which nothing is written yet: text that somebody has already, as scenes."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import fields, notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import language, say
from story_engine import flows
from story_engine.domain.story import Story

_NOTES_TOLD = 2


def draw(slug: str, story: Story) -> None:
    """Only while the story is blank."""
    if not story.is_blank:
        return
    key = f"paste-{slug}"
    with st.container(key="card-paste", gap="small"):
        st.markdown(f"**{say('paste.title')}**  \n{say('paste.text')}")
        st.text_area(say("paste.field"), key=key, height=120, label_visibility="collapsed")
        st.button(
            say("paste.make"),
            key="paste-make",
            icon=":material/playlist_add:",
            on_click=notices.attempt,
            args=(_fill, slug, key),
        )


def tell(slug: str, filled: flows.pasted_scenes.Filled) -> None:
    """How many scenes were written, what was passed over, and the way back."""
    undo = notices.Undo(kind="revision", token=str(filled.before), story=slug)
    notes = " ".join(flows.story_import.text_of(each, language()) for each in filled.notes[:_NOTES_TOLD])
    if notes:
        notices.tell("done.scenes_pasted_notes", undo=undo, n=filled.scenes, notes=notes)
    else:
        notices.tell("done.scenes_pasted", undo=undo, n=filled.scenes)


def _fill(slug: str, key: str) -> None:
    fields.save_all()
    tell(slug, flows.pasted_scenes.fill(services(), slug, st.session_state[key]))
