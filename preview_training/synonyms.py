"""Captions in other words for the same things.

Phrases of the closed world that mean one value, in one place of a sentence, stand for each other.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache

from story_engine.preview_model.world.expected import read_prompt
from story_engine.preview_model.world.lexicon import Reading, bare, read
from story_engine.preview_model.world.words import (
    ACTIONS,
    COLOURS,
    DEGRADATIONS,
    HAIR_COLOURS,
    HAIR_LENGTHS,
    MOODS,
    OUTFITS,
    PLACES,
    PLURALS,
    PROPS,
    SHOTS,
    STYLES,
    SUBJECTS,
    TIMES,
    VIEWS,
    Words,
)

_REWORDED_SHARE = 0.7
"""Share of the phrases that are chosen anew; the others stay what the caption made of them."""

Phrases = tuple[str, ...]


def in_usual_and_other_words(caption: str, rng: random.Random) -> tuple[str, str]:
    """A caption twice: with the usual phrase for everything, and with any phrases, rare ones as often as others.

    Args:
        caption: as the caption grammar writes it, in either language.
        rng: chooses the phrases.
    """
    usual, other = [], []
    for reading in read(caption):
        phrases = synonyms_of(reading)
        usual.append(_written_as(reading.text, phrases[0]) if phrases else reading.text)
        is_reworded = phrases and rng.random() < _REWORDED_SHARE
        other.append(_written_as(reading.text, rng.choice(phrases)) if is_reworded else reading.text)
    texts = ("".join(usual), "".join(other))
    # Two words may meet that say something else together: an "ancient" one and a "palace maid".
    is_same = all(read_prompt(text) == read_prompt(caption) for text in texts)
    return texts if is_same else (caption, caption)


def synonyms_of(reading: Reading) -> Phrases:
    """The phrases that can stand where this one stands and mean the same, the usual one in front; () for none."""
    return _synonyms().get((reading.attribute, reading.value, reading.text.lower()), ())


@cache
def _synonyms() -> dict[tuple[str, str, str], Phrases]:
    table: dict[tuple[str, str, str], Phrases] = {}
    for attribute, value, called in _groups():
        # "Wishing on a shooting star" says where, too.
        called = [phrase for phrase in called if _means(phrase, attribute, value)]
        # One Chinese character stands only beside certain others (白猫), and runs into their tokens.
        chosen = tuple(phrase for phrase in called if phrase.isascii() or len(phrase) > 1)
        for phrase in called:
            table.setdefault((attribute, value, phrase.lower()), chosen)
    return table


def _means(phrase: str, attribute: str, value: str) -> bool:
    return [(reading.attribute, reading.value) for reading in read(phrase)] == [(attribute, value)]


def _groups() -> Iterator[tuple[str, str, list[str]]]:
    """(attribute, value, phrases) of one language each, the attributes as the lexicon names them."""
    tables: tuple[tuple[str, dict[str, Words]], ...] = (
        ("style", STYLES),
        ("subject", SUBJECTS),
        ("subject", PLURALS),
        ("shot", SHOTS),
        ("outfit", OUTFITS),
        ("colour", COLOURS),
        ("hair", HAIR_LENGTHS),
        ("hair_colour", HAIR_COLOURS),
        ("prop", PROPS),
        ("mood", MOODS),
        ("time", TIMES),
        ("view", VIEWS),
        ("degradation", DEGRADATIONS),
    )
    for place, words in PLACES.items():
        for part in (words.settings, words.names, words.backgrounds):
            yield from (("place", place, phrases) for phrases in _by_language(part))
        # What is only said of one place says which: the open book is in the library.
        for name, extras in zip(_by_language(words.names), _by_language(words.extras), strict=True):
            yield "place", place, [*name[:1], *extras]
    for attribute, table in tables:
        for value, called in table.items():
            yield from ((attribute, value, phrases) for phrases in _by_language(called))
    for action, doing in ACTIONS.items():
        for part in (doing.alone, doing.before_place):
            yield from (("action", action, phrases) for phrases in _by_language(part))


def _by_language(words: Words) -> Iterator[list[str]]:
    yield list(words.zh)
    yield [bare(phrase) for phrase in words.en if phrase]


def _written_as(before: str, phrase: str) -> str:
    """With a capital where there was one."""
    return phrase[:1].upper() + phrase[1:] if before[:1].isupper() else phrase
