"""Which characters are in a scene, and in which outfit."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import notices
from pages.parts.shared.engine import engine
from pages.parts.shared.wording import plain, say
from story_engine.domain.edit import Edit
from story_engine.domain.story import Appearance, Scene, Story


def draw(slug: str, story: Story, scene: Scene) -> None:
    """One pill per character and outfit; a character wears one outfit at a time."""
    if not story.characters:
        return
    choices = {
        _name(character.id, outfit): plain(
            f"{character.name or character.id} · {outfit}" if outfit else character.name or character.id
        )
        for character in story.characters
        for outfit in (None, *character.outfits)
    }
    key = f"who:{slug}:{scene.id}"
    there = [name for name in (_name(part.character, part.outfit) for part in scene.characters) if name in choices]
    if key not in st.session_state or sorted(st.session_state[key]) != sorted(there):
        st.session_state[key] = there
    st.pills(
        say("scene.who"),
        list(choices),
        selection_mode="multi",
        format_func=choices.__getitem__,
        key=key,
        on_change=lambda: notices.attempt(_save, slug, scene.id, key),
    )


def _save(slug: str, scene: str, key: str) -> None:
    seen = engine().story(slug).scene(scene).characters
    wearing = {part.character: part for part in seen}
    chosen: dict[str, Appearance] = {}
    for name in st.session_state[key]:
        character, _, outfit = name.partition("\n")
        part = Appearance(character=character, outfit=outfit or None)
        if character not in chosen or part != wearing.get(character):  # the newly chosen outfit wins
            chosen[character] = part
    engine().edit(slug, [Edit(scene=scene, field="characters", value=tuple(chosen.values()), seen=seen)])


def _name(character: str, outfit: str | None) -> str:
    return f"{character}\n{outfit or ''}"
