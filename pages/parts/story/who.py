"""Which characters are in a scene, and in which outfit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import streamlit as st

from pages.parts.shared import fields, trouble
from pages.parts.shared.fields import Field
from pages.parts.shared.services import services
from pages.parts.shared.wording import plain, say
from story_engine.domain.braces import named
from story_engine.domain.edit import Edit
from story_engine.domain.story import Appearance, Character, Scene, Story


@dataclass(frozen=True, slots=True)
class Who(Field):
    """The characters of a scene as the names of pills; those that other tabs add or remove stay so."""

    named: tuple[str, ...] = ()
    """Characters that the prompt alone brings in: their pills are lit, and there is nothing to write down."""

    @property
    def key(self) -> str:
        """Of the widget."""
        return f"who:{self.story}:{self.scene}"

    def value_in(self, story: Story) -> object:
        """The pills that are pressed, and those that the prompt lights."""
        scene = story.scene(self.scene or "")
        pressed = [_name(part.character, part.outfit) for part in scene.characters]
        return pressed + [_name(character, None) for character in _named_alone(story, scene)]

    def shown(self, value: object) -> str:
        """The pills' texts, in one line."""
        titles = _titles(services().stories.load(self.story).characters)
        return " · ".join(titles.get(name, name.replace("\n", " ")) for name in _names(value)) or "–"

    def edits(self, value: object, seen: object) -> list[Edit]:
        """One per character that came, went, or changed; of two outfits the newly chosen one wins."""
        lit = {_name(character, None) for character in self.named}
        before = {name.partition("\n")[0]: _appearance(name) for name in _names(seen) if name not in lit}
        after: dict[str, Appearance] = {}
        for part in (_appearance(name) for name in _names(value) if name not in lit):
            if part.character not in after or part != before.get(part.character):
                after[part.character] = part
        return [
            Edit(
                scene=self.scene,
                field="characters",
                part=(character,),
                value=after.get(character),
                seen=before.get(character),
            )
            for character in dict.fromkeys((*before, *after))
            if before.get(character) != after.get(character)
        ]


def draw(slug: str, story: Story, scene: Scene) -> None:
    """One pill per character and outfit; a character has one outfit at a time."""
    if not story.characters:
        return
    titles = {name: plain(title) for name, title in _titles(story.characters).items()}
    who = Who(slug, scene.id, "characters", _named_alone(story, scene))
    pressed = [name for name in _names(who.value_in(story)) if name in titles]
    if sorted(st.session_state.get(who.key, [])) == sorted(pressed):
        st.session_state[who.key] = pressed  # in which order they were pressed says nothing
    fields.prepare(who, pressed)
    st.pills(
        say("scene.who"),
        list(titles),
        selection_mode="multi",
        format_func=titles.__getitem__,
        key=who.key,
        on_change=fields.save,
        args=(who,),
    )
    trouble.show_trouble(who)


def _named_alone(story: Story, scene: Scene) -> tuple[str, ...]:
    pressed = {part.character for part in scene.characters}
    return tuple(each for each in named(scene.prompt, story.characters) if each not in pressed)


def _titles(characters: Iterable[Character]) -> dict[str, str]:
    return {
        _name(character.id, outfit): f"{character.name or character.id} · {outfit}"
        if outfit
        else character.name or character.id
        for character in characters
        for outfit in (None, *character.outfits)
    }


def _name(character: str, outfit: str | None) -> str:
    return f"{character}\n{outfit or ''}"


def _names(value: object) -> list[str]:
    return list(value) if isinstance(value, list) else []


def _appearance(name: str) -> Appearance:
    character, _, outfit = name.partition("\n")
    return Appearance(character=character, outfit=outfit or None)
