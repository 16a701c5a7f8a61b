"""The fields of a character's outfits: one outfit is one pair of widgets, whatever it is called meanwhile.

A key that held the name would make other widgets of them at every new name, and whoever goes on to the words with Tab
would find nothing to write in.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Self

import streamlit as st

from pages.parts.shared import fields, typing
from pages.parts.shared.fields import Field
from story_engine.domain.edit import Edit
from story_engine.domain.story import Character, Story


@dataclass(frozen=True, slots=True)
class OutfitWords(Field):
    """The words of an outfit."""

    character: str
    outfit: str
    """What it was called when this session first saw it."""

    @classmethod
    def of(cls, slug: str, character: Character, outfit: str) -> Self:
        """The field of the outfit that is called `outfit` now."""
        names = _names(slug, character.id)
        for first in [first for first, name in names.items() if name not in character.outfits]:
            del names[first]  # removed, or renamed by somebody else
        first = next((first for first, name in names.items() if name == outfit), None)
        if first is None:
            first = next(f for n in count(1) if (f := outfit if n == 1 else f"{outfit}:{n}") not in names)
            names[first] = outfit
        return cls(slug, None, "outfits", character.id, first)

    @property
    def called(self) -> str:
        """Its name now."""
        return _names(self.story, self.character).get(self.outfit, self.outfit)

    @property
    def key(self) -> str:
        """Of the widget."""
        return f"cast:{self.story}:{self.character}:outfit:{self.outfit}:words"

    def value_in(self, story: Story) -> object:
        """The words; None when the outfit is gone."""
        found = character(story, self.character)
        return None if found is None else found.outfits.get(self.called)

    def edits(self, value: object, seen: object) -> list[Edit]:
        """The words of this outfit alone."""
        return [edit((self.character, "outfits", self.called), value, seen)]


@dataclass(frozen=True, slots=True)
class OutfitName(OutfitWords):
    """What an outfit is called; the scenes that show it follow."""

    @property
    def key(self) -> str:
        """Of the widget."""
        return f"cast:{self.story}:{self.character}:outfit:{self.outfit}:name"

    @property
    def saved_at(self) -> typing.When:
        """Not while it is blank: a blank name is none, and the old one would come back between two words."""
        return "words"

    def value_in(self, story: Story) -> object:
        """Its name; None when there is no such outfit."""
        found = character(story, self.character)
        return self.called if found is not None and self.called in found.outfits else None

    def edits(self, value: object, seen: object) -> list[Edit]:
        """Another name; a blank one is no name, and the old one stays."""
        name = str(value).strip()
        return [edit((self.character, "outfits", self.called, "name"), name, seen)] if name else []

    def write(self, value: object, seen: object) -> None:
        """Words that were typed under the old name are saved before it goes."""
        words = OutfitWords(self.story, None, self.name, self.character, self.outfit)
        if words.key in st.session_state:
            fields.save(words)
        OutfitWords.write(self, value, seen)
        if str(value).strip():
            _names(self.story, self.character)[self.outfit] = str(value).strip()


def character(story: Story, wanted: str) -> Character | None:
    """The character with the id; None when it is gone."""
    return next((each for each in story.characters if each.id == wanted), None)


def edit(part: tuple[str, ...], value: object, seen: object) -> Edit:
    """A change of a part of the characters."""
    return Edit(scene=None, field="characters", part=part, value=value, seen=seen)


def _names(slug: str, of: str) -> dict[str, str]:
    """First name → name now, of one character's outfits."""
    names: dict[tuple[str, str], dict[str, str]] = st.session_state.setdefault("outfit_names", {})
    return names.setdefault((slug, of), {})
