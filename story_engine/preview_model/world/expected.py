"""What a prompt asks for, read by the words that captions are made of: the measure of fidelity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from story_engine.preview_model import world
from story_engine.preview_model.world.lexicon import Reading, read

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "subject": world.SUBJECTS,
    "place": world.PLACES,
    "style": world.STYLES,
    "shot": world.SHOTS,
    "colour": world.COLOURS,
}
"""What is read of a prompt and of a picture, and its values."""
_NOUNS = frozenset({"subject", "coloured", "outfit", "hair", "prop", "place"})
"""What a colour before it belongs to."""
_CLAUSE_ENDS = frozenset("，,。.;；、\n:：")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a picture for the prompt should show; None where the prompt does not say."""

    subject: str | None = None
    """The first living thing named."""
    place: str | None = None
    style: str | None = None
    shot: str | None = None
    colour: str | None = None
    """Coat, shell or scales of an animal or robot; clothes of a person."""


def read_prompt(text: str) -> Expected:
    """What the prompt asks for."""
    readings = read(text)
    subject_at, subject = _first_subject(readings)
    return Expected(
        subject=subject,
        place=_first(readings, "place"),
        style=_first(readings, "style"),
        shot=_first(readings, "shot"),
        colour=_main_colour(readings, subject_at),
    )


def named_subjects(text: str) -> list[str]:
    """The kind of everybody that the prompt names, in order; who is named twice stands twice."""
    return [_kind(reading) for reading in read(text) if _names_someone(reading)]


def asked_words(text: str) -> dict[str, str]:
    """The prompt's own words for each attribute that `read_prompt` finds in it."""
    readings, expected = read(text), read_prompt(text)
    return {
        name: next(each.text for each in readings if _means(each, name, value))
        for name in ATTRIBUTES
        if (value := getattr(expected, name)) is not None
    }


def _means(reading: Reading, attribute: str, value: str) -> bool:
    if reading.attribute == "coloured":
        return value == reading.value.split()[{"colour": 0, "subject": 1}.get(attribute, 0)]
    return (reading.attribute, reading.value) == (attribute, value)


def _first(readings: Sequence[Reading], attribute: str) -> str | None:
    return next((reading.value for reading in readings if reading.attribute == attribute), None)


def _first_subject(readings: Sequence[Reading]) -> tuple[int, str | None]:
    for index, reading in enumerate(readings):
        if reading.attribute == "subject":
            return index, reading.value
        if reading.attribute == "coloured":
            return index, reading.value.split()[1]
    return len(readings), None


def _main_colour(readings: Sequence[Reading], subject_at: int) -> str | None:
    """The colour said of the main subject or of its clothes, or standing alone beside them.

    A colour belongs to the noun after it in its clause, else to the noun before it (连衣裙是粉色的).
    """
    if subject_at == len(readings):
        return None
    if readings[subject_at].attribute == "coloured":
        return readings[subject_at].value.split()[0]
    others = [index for index, reading in enumerate(readings) if _names_someone(reading) and index != subject_at]
    end = min(
        (index for index in others if index > subject_at and not _same(readings, index, subject_at)), default=None
    )
    for index, reading in enumerate(readings[:end]):
        if reading.attribute != "colour":
            continue
        owner = _owner(readings, index)
        if owner is None or owner == subject_at or readings[owner].attribute == "outfit":
            return reading.value
    return None


def _names_someone(reading: Reading) -> bool:
    return reading.attribute in ("subject", "coloured")


def _same(readings: Sequence[Reading], one: int, other: int) -> bool:
    """Whether two names are of the same kind: 小猫 … 猫."""
    return _kind(readings[one]) == _kind(readings[other])


def _kind(reading: Reading) -> str:
    """Of somebody, without the colour that may be said in one word with it."""
    return reading.value.split()[-1]


def _owner(readings: Sequence[Reading], colour_at: int) -> int | None:
    """Index of the noun that the colour belongs to; None if its clause has none."""
    for index in range(colour_at + 1, len(readings)):
        if readings[index].text in _CLAUSE_ENDS:
            break
        if readings[index].attribute in _NOUNS:
            return index
    for index in range(colour_at - 1, -1, -1):
        if readings[index].text in _CLAUSE_ENDS:
            break
        if readings[index].attribute in _NOUNS:
            return index
    return None
