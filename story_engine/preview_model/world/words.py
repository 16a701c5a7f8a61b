"""What people call the values of the closed world, in Chinese and English: the tables in `tables/*.json`.

The usual word comes first in each list: the caption grammar prefers the front.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Words:
    """The phrases for one value."""

    zh: tuple[str, ...]
    en: tuple[str, ...]

    def of(self, language: str) -> tuple[str, ...]:
        """The phrases in "zh" or "en"."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True)
class PlaceWords:
    """The phrases for one place."""

    names: Words
    """The place by itself: 客厅, living room."""
    settings: Words
    """After 在, or with its preposition: 客厅里, in the living room."""
    backgrounds: Words
    """After 背景是, or before "in the background": 沙发和茶几, a sofa and a coffee table."""
    extras: Words = Words((), ())
    """Whole phrases that are only said of this place: 人山人海."""


@dataclass(frozen=True, slots=True)
class ActionWords:
    """The phrases for one action: alone, and before a place (坐 + 在沙发上, sitting + on the sofa)."""

    alone: Words
    before_place: Words


def _table(name: str) -> dict[str, Any]:
    path = Path(__file__).parent / "tables" / f"{name}.json"
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read


def _words(entry: Mapping[str, Any]) -> Words:
    return Words(tuple(entry["zh"]), tuple(entry["en"]))


def _all_words(entries: Mapping[str, Any]) -> dict[str, Words]:
    return {value: _words(entry) for value, entry in entries.items()}


def _phrases(entries: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {value: tuple(phrases) for value, phrases in entries.items()}


_styles, _people, _doings, _places, _quality, _glue = (
    _table(name) for name in ("styles", "people", "doings", "places", "quality", "glue")
)

STYLES = _all_words(_styles["styles"])
STYLE_EXTRAS = _all_words(_styles["style_extras"])
"""Whole phrases that say more than the style and are read as it."""
SHOTS = _all_words(_styles["shots"])
TIMES = _all_words(_styles["times"])
COLOURS = _all_words(_styles["colours"])
"""The one-character words at the end stand only right before a one-character noun: 白猫, 黑马."""
FUSED_COLOURS = _phrases(_styles["fused_colours"])
"""Colours as one character, before a noun of one character."""

SUBJECTS = _all_words(_people["subjects"])
FUSED_SUBJECTS = _phrases(_people["fused_subjects"])
"""Short nouns that take a colour of one character: 橘猫, 白兔, 小黑狗."""
COUNTERS = _phrases(_people["counters"])
PLURALS = _all_words(_people["plurals"])
HAIR_COLOURS = _all_words(_people["hair_colours"])
HAIR_LENGTHS = _all_words(_people["hair_lengths"])
HAIR = _words(_people["hair"])
"""Hair without its length: 黑发, black hair."""
OUTFITS = _all_words(_people["outfits"])

ACTIONS = {
    value: ActionWords(_words(entry["alone"]), _words(entry["before_place"]))
    for value, entry in _doings["actions"].items()
}
MOODS = _all_words(_doings["moods"])
VIEWS = _all_words(_doings["views"])
ADJECTIVES = _all_words(_doings["adjectives"])
"""Praise and size that no drawing depends on."""

PLACES = {
    value: PlaceWords(**{part: _words(phrases) for part, phrases in entry.items()})
    for value, entry in _places["places"].items()
}
PROPS = _all_words(_places["props"])
PROP_PHRASES = _all_words(_places["prop_phrases"])
"""A thing together with what is done with it."""

DEGRADATIONS = _all_words(_quality["degradations"])
"""`none` has no words: a picture without flaws is the rule."""
NEGATIVE_EXTRAS = _words(_quality["negative_extras"])
"""What negative lists also hold and no drawing shows; said only beside a flaw."""
QUALITY = _words(_quality["quality"])
"""Words of praise: they mean only that nothing is wrong with the drawing."""

ZH_PRONOUNS: dict[str, str] = _glue["zh_pronouns"]
EN_PRONOUNS: dict[str, tuple[str, str]] = {zh: (he, his) for zh, (he, his) in _glue["en_pronouns"].items()}
"""By the Chinese pronoun: subject and possessive."""
ZH_GLUE: tuple[str, ...] = tuple(_glue["zh_glue"])
"""Words that a prompt is held together with: they are known, and mean nothing by themselves."""
EN_GLUE: tuple[str, ...] = tuple(_glue["en_glue"])
