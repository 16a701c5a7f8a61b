"""Who is in a prompt: each mention of a person or an animal, with the words around it that describe them for good.

What they do and feel changes from scene to scene and is left out: only words of the tables count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from story_engine.domain.lint.segments import same, segments
from story_engine.domain.lint.vocabulary import Term, lexicon
from story_engine.domain.story_text import StoryText

_NO_FIGURE = re.compile(
    r"头鹰|[毛耳尾爪眼粮窝砂步薄途裙服装节床抱鞋]|玩偶|玩具|雕像|雕塑|形状|图案|木偶|布偶|面具|头像|造型|画像|海报"
    r"|[-\s]+(?:statue|toy|doll|costume|mask|poster|portrait|plush|food|ears?|tail|shaped|like)\b",
    re.IGNORECASE,
)
"""What follows the name of a figure where something else is meant: a statue, a costume, a part of the body."""
_PLURAL = re.compile(r"们|s\b")
_ONE = re.compile(r"(?:另外?)?[一这那某]?(?:只|个|位|名|条|头|匹|隻)$")
_MANY = re.compile(r"(?:[两二三四五六七八九十几]|一?群|一?对|一?双|许多|很多|多|无数)(?:只|个|位|名|条|头|匹|隻)?的?$")
_VERB = re.compile(r"[在着了坐站跑躺走看望追抱拿向给对被把和与]")
_DETERMINER = re.compile(r"(?:^|(?<=[\s(]))(a|an|the|this|that|one|his|her|my|their|our|another)\s+$", re.IGNORECASE)
_NUMBER_EN = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|many|several|some|few|both|group of)\s+$", re.IGNORECASE
)
_WORD_BEFORE = re.compile(r"([A-Za-z][\w'’-]*)(,?\s+)$")
_STOPS = frozenset(
    ("in", "on", "at", "of", "with", "and", "or", "by", "to", "from", "into", "near", "behind", "under", "over")
) | frozenset(("as", "is", "was", "for", "while", "who", "the", "a", "an"))
_ADJECTIVE_EN = re.compile(r"(?:[a-z]+-(?:haired|eyed|furred|coated)|\w+-year-old|female|male)", re.IGNORECASE)
_FARTHEST = 24
"""Characters between "one" and the figure that may describe it."""
_MOST_WORDS = 6
_MOST_FIGURES = 40
_WINDOW = 48
"""Characters that are looked back at for one more word."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One mention."""

    text: StoryText
    group: str
    """Entry of the table: "cat", "girl", …"""
    head: tuple[int, int]
    start: int
    """Where the known words in front of the head begin, "a" and "一只" not counted."""
    outset: int
    """Where the whole mention begins, "a" and "一只" counted."""
    region: int
    """Where the words that may describe it begin; there may be unknown ones among them."""
    level: int
    """Of age or size, as the table has it."""
    is_many: bool
    is_one: bool
    """Introduced by "a" or "一只", and not by "the" or nothing."""

    @property
    def phrase(self) -> str:
        """The known words with the head."""
        return self.text.words[self.start : self.head[1]]

    @property
    def head_words(self) -> str:
        """Such as "小猫"."""
        return same(self.text.words[slice(*self.head)])

    @property
    def kind(self) -> str:
        """Whether a "person", an "animal" or a "thing"."""
        return str(self._entry["kind"])

    @property
    def gender(self) -> str:
        """Either "male" or "female", or nothing."""
        return str(self._entry.get("gender", ""))

    @property
    def _entry(self) -> dict[str, Any]:
        return lexicon("figures").entries[self.group]

    def traits(self) -> tuple[Term, ...]:
        """Lasting qualities among the words in front of the head."""
        return lexicon("traits").find(self.text.words, self.region, self.head[0])


@lru_cache(maxsize=512)
def figures(text: StoryText) -> tuple[Figure, ...]:
    """Every mention in a text, from left to right."""
    found = []
    parts = segments(text.words)
    for term in lexicon("figures").find(text.words)[:_MOST_FIGURES]:
        part = next((part for part in parts if part.start <= term.start < part.end), None)
        if part is None or _NO_FIGURE.match(text.words, term.end):
            continue
        found.append(_figure_en(text, term) if term.words[0].isascii() else _figure_zh(text, term, part.start))
    return tuple(found)


def _figure_zh(text: StoryText, term: Term, limit: int) -> Figure:
    words = text.words
    start = _known_zh(words, term.start, limit)
    before = words[limit:start]
    one, many = _ONE.search(before), _MANY.search(before)
    outset = region = start
    if many:
        outset = limit + many.start()
    elif one:
        outset = limit + one.start()
    else:
        earlier = list(
            re.finditer(r"[一这那某](?:只|个|位|名|条|头|匹|隻)", words[max(limit, start - _FARTHEST) : start])
        )
        if earlier and not _VERB.search(words, max(limit, start - _FARTHEST) + earlier[-1].end(), start):
            region = max(limit, start - _FARTHEST) + earlier[-1].end()
            one = earlier[-1]
            outset = region - len(one.group())
    is_many = bool(many) or bool(_PLURAL.match(words, term.end))
    return Figure(text, term.id, (term.start, term.end), start, outset, region, _level(term), is_many, one is not None)


def _known_zh(words: str, end: int, limit: int) -> int:
    """Back over colours, hair, traits and 的, as far as they go."""
    at = end
    while at > limit:
        found = [term for table in ("colours", "hair", "traits") if (term := lexicon(table).ending_at(words, at))]
        term = max(found, key=lambda each: each.end - each.start, default=None)
        if term is not None and term.start >= limit:
            at = term.start
        elif words[at - 1] == "的" and at - 1 > limit and _known_zh(words, at - 1, limit) < at - 1:
            at -= 1
        elif words[max(limit, at - 2) : at] in ("相间", "男性", "女性"):
            at -= 2
        else:
            break
    return at


def _figure_en(text: StoryText, term: Term) -> Figure:
    words = text.words
    start = region = term.start
    is_known = True
    for _ in range(_MOST_WORDS):
        before = words[max(0, region - _WINDOW) : region]
        if _DETERMINER.search(before) or _NUMBER_EN.search(before):
            break
        match = _WORD_BEFORE.search(before)
        if match is None or match.group(1).lower() in _STOPS - {"and"}:
            break
        known = _is_known_en(match.group(1))
        if "," in match.group(2) and not known:
            break
        if match.group(1).lower() == "and" and not _is_known_en(_last_word(before[: match.start()])):
            break
        region -= len(before) - match.start()
        is_known = is_known and (known or match.group(1).lower() == "and")
        start = region if is_known else start
    before = words[max(0, region - _WINDOW) : region]
    determiner = _DETERMINER.search(before)
    outset = region - len(determiner.group()) if determiner else region
    is_one = determiner is not None and determiner.group(1).lower() in ("a", "an", "one")
    is_many = bool(_NUMBER_EN.search(before))
    return Figure(text, term.id, (term.start, term.end), start, outset, region, _level(term), is_many, is_one)


def _is_known_en(word: str) -> bool:
    if _ADJECTIVE_EN.fullmatch(word):
        return True
    plain = same(word)
    return any(plain in lexicon(table).ids for table in ("colours", "traits")) or plain in ("long", "short", "curly")


def _last_word(words: str) -> str:
    match = re.search(r"([A-Za-z][\w'’-]*)\W*$", words)
    return match.group(1) if match else ""


def _level(term: Term) -> int:
    entry = lexicon("figures").entries[term.id]
    levels: dict[str, int] = {**entry["zh"], **entry["en"]}
    return next((level for word, level in levels.items() if same(word) == same(term.words)), 1)
