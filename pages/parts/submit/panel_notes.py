"""What the author noted down about panels: information only, it decides nothing about the hand-in."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import folded
from pages.parts.shared.wording import plain, say
from story_engine.domain.story import Story


def draw(story: Story) -> None:
    """The panels with a note, folded away; nothing where there is none."""
    noted = [(number, scene) for number, scene in enumerate(story.scenes, start=1) if scene.note.strip()]
    if not noted:
        return
    with folded.expander(say("submit.notes"), icon=":material/sticky_note_2:", key="panel-notes", note=f"{len(noted)}"):
        for number, scene in noted:
            st.markdown(f"{number}. {plain(scene.title)} · {plain(scene.note)}")
