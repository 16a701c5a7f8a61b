"""What a text says about how somebody looks for good: hair, eyes, coat, clothes, each with its colour."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from story_engine.domain.lint.segments import segments
from story_engine.domain.lint.vocabulary import Term, lexicon
from story_engine.domain.story_text import StoryText

BODY = frozenset(
    ("dress", "coat", "top", "trousers", "robe", "suit", "uniform", "traditional", "pyjamas", "armour", "spacesuit")
)
"""Garments that make up an outfit; the others are worn along with any."""
_BETWEEN_ZH = re.compile(r"的?(?:大|小|明亮的|漂亮的)?")
_COAT = re.compile(
    r"的?(?:皮毛|毛发|绒毛|毛(?![线巾衣笔毯绒料呢玻边刷豆坯]))|\s+(?:soft\s+|fluffy\s+|thick\s+)*fur\b|[-\s]furred\b",
    re.IGNORECASE,
)
_EYES = re.compile(
    r"的?(?:大|小|圆)?(?:眼睛|眼眸|眼珠|双眼|双眸|瞳孔|瞳|眼(?!镜|罩|影|泪))|\s+(?:big\s+|round\s+|bright\s+)*eyes?\b|-eyed\b",
    re.IGNORECASE,
)
_HAIR_EN = re.compile(r"(?<![A-Za-z-])hair\b|(?<![A-Za-z-])([A-Za-z]+)-haired\b", re.IGNORECASE)
_WORD_BEFORE = re.compile(r"([A-Za-z-]+)\s+$")
_STOPS = frozenset(
    ("in", "on", "with", "and", "or", "a", "an", "the", "her", "his", "their", "has", "of", "wearing", "is")
)
_STYLE_EN = re.compile(r"(?<![A-Za-z])([A-Za-z]+)\s+(pigtails|twintails|twin tails|ponytail|braids?)\b", re.IGNORECASE)
_BLOND = re.compile(
    r"(?<![A-Za-z-])(?:blonde|blond|brunette)(?=\s+(?:\w+\s+)?(?:girl|boy|woman|man|lady|child|princess|prince))",
    re.IGNORECASE,
)
_WORN_ZH = re.compile(r"(?:身?穿|身着|戴|系|披|围|背|套|换上)(?:着|了|上)?[^，,。；;、]{0,16}$")
_WORN_EN = re.compile(
    r"\b(?:(?:wearing|wears|wore|in|dressed in|with|has)\s+(?:(?:a|an|the|her|his|their)\s+)?|and\s+an?\s+)"
    r"(?:[A-Za-z-]+\s+){0,4}$",
    re.IGNORECASE,
)
_BEFORE_GARMENT_ZH = re.compile(r"[\u4e00-\u9fff]{0,8}$")
_MOST_ADJECTIVES = 4
_WINDOW = 40
_SEVERAL = re.compile(r"渐变|挑染|异色|相间|ombre|streak|highlight|heterochromia|gradient|different", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement about looks."""

    text: StoryText
    slot: str
    """"hair_colour", "hair_length", "hair_style", "eyes", "coat", or "wear:<garment>"."""
    value: str
    """Entry of the table of colours or hair; nothing for a garment without a colour."""
    span: tuple[int, int]
    """The words that say the value."""
    whole: tuple[int, int]
    """With the noun that they belong to."""

    @property
    def words(self) -> str:
        """Such as "粉色"."""
        return self.text.words[slice(*self.span)]

    @property
    def phrase(self) -> str:
        """Such as "粉色连衣裙"."""
        return self.text.words[slice(*self.whole)]


@lru_cache(maxsize=512)
def facts(text: StoryText) -> tuple[Fact, ...]:
    """Every statement of a text, from left to right, but the colours right in front of an animal."""
    found = [*_hair(text), *_coloured(text, _EYES, "eyes"), *_coloured(text, _COAT, "coat"), *_worn(text)]
    return tuple(sorted(set(found), key=lambda each: each.span))


def colours(words: str, start: int, end: int) -> tuple[Term, ...]:
    """The colours between two places."""
    return lexicon("colours").find(words, start, end)


def is_several(words: str) -> bool:
    """Whether two colours may be meant at once."""
    return _SEVERAL.search(words) is not None


def _hair(text: StoryText) -> Iterator[Fact]:
    words = text.words
    table = lexicon("hair")
    for term in table.find(words):
        if term.words[0].isascii():
            continue
        if words[term.end : term.end + 1] in ("型", "现", "生", "出", "光", "呆", "抖", "亮") and term.words == "发":
            continue
        colour = _colour_before(words, term.start)
        if term.words == "发" and colour is None:
            continue
        start = colour.start if colour else term.start
        if colour:
            yield Fact(text, "hair_colour", colour.id, (colour.start, colour.end), (start, term.end))
        if slot := table.entries[term.id]["slot"]:
            yield Fact(text, slot, term.id, (term.start, term.end), (start, term.end))
    for match in (*_HAIR_EN.finditer(words), *_STYLE_EN.finditer(words)):
        begin, end = match.span(1) if match.group(1) else (_adjectives_before(words, match.start()), match.start())
        for colour in colours(words, begin, end):
            yield Fact(text, "hair_colour", colour.id, (colour.start, colour.end), (colour.start, match.end()))
        for term in table.find(words, begin, match.end()):
            slot = table.entries[term.id]["slot"]
            if term.words[0].isascii() and slot:
                yield Fact(text, slot, term.id, (term.start, term.end), (term.start, match.end()))
    for match in _BLOND.finditer(words):
        colour = lexicon("colours").starting_at(words, match.start())
        if colour:
            yield Fact(text, "hair_colour", colour.id, (colour.start, colour.end), (colour.start, colour.end))


def _adjectives_before(words: str, end: int) -> int:
    """Where the words begin that describe the hair: back to a comma, a little word, or another thing."""
    at = end
    for _ in range(_MOST_ADJECTIVES):
        before = words[max(0, at - _WINDOW) : at]
        match = _WORD_BEFORE.search(before)
        if match is None or match.group(1).lower() in _STOPS:
            break
        start = at - len(before) + match.start()
        if any(lexicon(table).starting_at(words, start) for table in ("clothes", "figures")):
            break
        at = start
    return at


def _colour_before(words: str, end: int) -> Term | None:
    """A colour right in front, or with one describing word between ("紫色短发", "黑色的长发")."""
    for back in (0, 1):
        at = end - back
        if back and words[at:end] not in ("的", "长", "短", "卷", "直"):
            break
        colour = lexicon("colours").ending_at(words, at)
        if colour is not None and not colour.words.isascii():
            return colour
    return None


def _coloured(text: StoryText, noun: re.Pattern[str], slot: str) -> Iterator[Fact]:
    for colour in lexicon("colours").find(text.words):
        behind = noun.match(text.words, colour.end)
        if behind is not None:
            yield Fact(text, slot, colour.id, (colour.start, colour.end), (colour.start, behind.end()))


def _worn(text: StoryText) -> Iterator[Fact]:
    words = text.words
    for part in segments(words):
        for garment in lexicon("clothes").find(words, part.start, part.end):
            left = max(part.start, garment.start - _WINDOW)
            before = words[left : garment.start]
            if garment.words[0].isascii():
                start = left + _noun_phrase_start(before)
            else:
                run = _BEFORE_GARMENT_ZH.search(before)
                start = left + (run.start() if run else len(before))
            colour = next(iter(reversed(colours(words, start, garment.start))), None)
            begin = colour.start if colour else garment.start
            worn = (_WORN_EN if garment.words[0].isascii() else _WORN_ZH).search(before)
            alone = not words[part.start : begin].strip() or re.fullmatch(
                r"(?:an?|the|her|his|一[件条顶副双个])\s*", words[part.start : begin], re.IGNORECASE
            )
            ends = not words[garment.end : part.end].strip() or words[garment.end : part.end].startswith("的")
            if worn or (alone and ends) or _describes(words, garment.end):
                span = (colour.start, colour.end) if colour else (garment.start, garment.end)
                is_named = worn is not None and not worn.group().lower().startswith("and")
                whole = (left + worn.start() if worn is not None and is_named else begin, garment.end)
                yield Fact(text, f"wear:{garment.id}", colour.id if colour else "", span, whole)


def _describes(words: str, end: int) -> bool:
    """Whether the garment stands in front of who wears it ("红裙少女")."""
    return lexicon("figures").starting_at(words, end) is not None


def _noun_phrase_start(before: str) -> int:
    match = re.search(r"(?:[A-Za-z-]+\s+){0,4}$", before)
    return match.start() if match else len(before)
