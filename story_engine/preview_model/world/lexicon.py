"""Reads a prompt by the words of the closed world: longest known phrase first, with what each phrase means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from story_engine.preview_model.world.words import (
    ACTIONS,
    ADJECTIVES,
    COLOURS,
    DEGRADATIONS,
    EN_GLUE,
    FUSED_COLOURS,
    FUSED_SUBJECTS,
    HAIR,
    HAIR_COLOURS,
    HAIR_LENGTHS,
    MOODS,
    NEGATIVE_EXTRAS,
    OUTFITS,
    PLACES,
    PLURALS,
    PROP_PHRASES,
    PROPS,
    QUALITY,
    SHOTS,
    STYLE_EXTRAS,
    STYLES,
    SUBJECTS,
    TIMES,
    VIEWS,
    ZH_GLUE,
    Words,
)

_HAN = "㐀-䶿一-鿿"
_PIECE = re.compile(rf"[{_HAN}]|[^\W\d_{_HAN}]+(?:['’][^\W\d_{_HAN}]+)*|\d+[^\W_{_HAN}]*|.", re.DOTALL)
"""A prompt's smallest parts: one Chinese character, one word of letters, one number, one mark."""

_ABSORBED = frozenset({"unknown", "subject", "prop", "place", "colour", "time"})
_MEANINGLESS = (*ZH_GLUE, *EN_GLUE, *QUALITY.zh, *QUALITY.en, *NEGATIVE_EXTRAS.zh, *NEGATIVE_EXTRAS.en)


@dataclass(frozen=True, slots=True)
class Reading:
    """A stretch of a prompt and what it means."""

    text: str
    start: int
    attribute: str
    """"place", "subject", … or "glue" (no meaning), "mark" (punctuation, space, number), "unknown"."""
    value: str = ""


@cache
def meanings() -> dict[str, tuple[str, str]]:
    """Every known phrase, in lower case, with (attribute, value); the first meaning given below wins."""
    table: dict[str, tuple[str, str]] = {}
    for attribute, value, phrase in _meant():
        table.setdefault(_spelling(_PIECE.findall(phrase.lower())), (attribute, value))
    for phrase in _MEANINGLESS:
        table.setdefault(_spelling(_PIECE.findall(phrase.lower())), ("glue", ""))
    # A word that is only known inside phrases is no news to the model, though alone it decides nothing.
    for phrase in list(table):
        for word in phrase.split(" "):
            if re.fullmatch(r"[a-z']+", word):
                table.setdefault(word, ("glue", ""))
    return table


def phrases() -> list[str]:
    """Every phrase as captions write it, in a fixed order."""
    own = [phrase for _, _, phrase in _meant()]
    return list(dict.fromkeys([*own, *_MEANINGLESS]))


def read(text: str) -> list[Reading]:
    """The prompt cut into readings, in order; nothing is left out."""
    table, longest = meanings(), _longest_by_first()
    pieces = [(match.group().lower(), match.start()) for match in _PIECE.finditer(text)]
    readings: list[Reading] = []
    index = 0
    while index < len(pieces):
        length, meaning = _match(pieces, index, table, longest)
        begin = pieces[index][1]
        end = pieces[index + length][1] if index + length < len(pieces) else len(text)
        readings.append(Reading(text[begin:end], begin, *meaning))
        index += length
    return list(_whole_names(readings))


def _whole_names(readings: list[Reading]) -> Iterator[Reading]:
    """An unknown character takes the known ones beside it along: 斑马 is no 马, 月球 no 球."""
    index = 0
    while index < len(readings):
        end = index
        while end < len(readings) and _is_lone_character(readings[end]):
            end += 1
        group = readings[index:end]
        if any(reading.attribute == "unknown" for reading in group):
            yield Reading("".join(reading.text for reading in group), group[0].start, "unknown")
            index = end
        else:
            yield readings[index]
            index += 1


def _is_lone_character(reading: Reading) -> bool:
    return re.fullmatch(rf"[{_HAN}]", reading.text) is not None and reading.attribute in _ABSORBED


def unread(text: str) -> list[str]:
    """The stretches that no phrase covers: runs of Chinese characters, single words of letters."""
    return list(dict.fromkeys(reading.text for reading in read(text) if reading.attribute == "unknown"))


def _match(
    pieces: list[tuple[str, int]], index: int, table: dict[str, tuple[str, str]], longest: dict[str, int]
) -> tuple[int, tuple[str, str]]:
    """How many pieces the longest phrase from `index` on takes, and what it means."""
    first = pieces[index][0]
    for length in range(min(longest.get(first, 0), len(pieces) - index), 0, -1):
        candidate = _spelling(piece for piece, _ in pieces[index : index + length])
        if candidate in table:
            return length, table[candidate]
    return 1, ("unknown", "") if re.match(rf"[^\W\d_]|[{_HAN}]", first) else ("mark", "")


def _spelling(pieces: Iterable[str]) -> str:
    """Pieces as one phrase: marks and white space count as one kind each, so that 古风,水墨画 is 古风，水墨画."""
    text = "".join(pieces).replace(",", "，")
    return re.sub(r"\s+", " ", text).replace("， ", "，").replace("-", " ")


@cache
def _longest_by_first() -> dict[str, int]:
    """For each first piece, the most pieces that a phrase beginning with it has."""
    longest: dict[str, int] = {}
    for phrase in meanings():
        pieces = _PIECE.findall(phrase)
        # One more for each mark that may stand between two pieces: ", " for "，".
        longest[pieces[0]] = max(longest.get(pieces[0], 0), len(pieces) + phrase.count("，"))
    return longest


def _meant() -> Iterator[tuple[str, str, str]]:
    """(attribute, value, phrase); of two meanings of one phrase the earlier counts."""
    for place, words in PLACES.items():
        for part in (words.extras, words.settings, words.names, words.backgrounds):
            yield from (("place", place, bare(phrase)) for phrase in (*part.zh, *part.en))
    yield from _valued("style", STYLE_EXTRAS)
    yield from _valued("style", STYLES)
    wishes = (*ACTIONS["wishing"].alone.zh, *ACTIONS["wishing"].alone.en)
    yield from (("place", "starry_sky", phrase) for phrase in wishes if "流星" in phrase or "shooting star" in phrase)
    yield from _valued("subject", SUBJECTS)
    yield from _valued("subject", PLURALS)
    yield from _valued("shot", SHOTS)
    yield from _valued("outfit", OUTFITS)
    yield from _valued("colour", COLOURS)
    for subject, nouns in FUSED_SUBJECTS.items():
        for colour, characters in FUSED_COLOURS.items():
            yield from (("coloured", f"{colour} {subject}", c + noun) for c in characters for noun in nouns)
    for colour, called in HAIR_COLOURS.items():
        yield from (("hair", colour, word + "发") for word in called.zh if len(word) == 1)
    yield from _valued("hair", HAIR_LENGTHS)
    yield from (("hair", "", word) for word in (*HAIR.zh, *HAIR.en))
    yield from _valued("hair_colour", HAIR_COLOURS)
    yield from _valued("prop", PROPS)
    yield from _valued("prop", PROP_PHRASES)
    for action, doing in ACTIONS.items():
        yield from (
            ("action", action, phrase)
            for part in (doing.alone, doing.before_place)
            for phrase in (*part.zh, *part.en)
            if phrase
        )
    yield from _valued("mood", MOODS)
    yield from _valued("time", TIMES)
    yield from _valued("view", VIEWS)
    yield from _valued("degradation", DEGRADATIONS)
    yield from (("glue", "", phrase) for words in ADJECTIVES.values() for phrase in (*words.zh, *words.en))


def bare(phrase: str) -> str:
    """Without its article: "a palace" would hide the maid in "a palace maid"."""
    return re.sub(r"^(?:an?|the) ", "", phrase)


def _valued(attribute: str, table: dict[str, Words]) -> Iterator[tuple[str, str, str]]:
    for value, words in table.items():
        yield from ((attribute, value, phrase) for phrase in (*words.zh, *words.en))
