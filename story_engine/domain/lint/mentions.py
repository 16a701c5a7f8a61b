"""Styles and artists that a prompt names as instructions, told apart from pictures and painters that it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from story_engine.domain.lint.segments import Segment, is_within, quoted, same, segments
from story_engine.domain.lint.vocabulary import Term, lexicon

_FILLER = re.compile(
    r"[\s·&+/\-—:：]+|风格|画风|笔触|风|的|式|系|感|质感|手绘|画作|画|绘制|采用|使用|以|整体|全部|笔下|作品|与|和|混合|融合|大师|艺术家|著名|插图|艺术"
    r"|(?<![a-z])(?:style|styled|styles|in|the|of|a|an|art|artwork|artist|painter|painting|drawing|illustration|by|and|with"
    r"|inspired|vibe|aesthetic|work|rendering|image|picture|beautiful|soft|classic|traditional)(?![a-z])|['’]s",
    re.IGNORECASE,
)
_BEHIND_ZH = re.compile(r"的?(?:风格|画风|笔触|笔下|画法)")
_BEHIND_EN = re.compile(r"(?:['’]s)?[\s-]*(?:style|styled|inspired|esque)(?![a-z])", re.IGNORECASE)
_BEFORE_EN = re.compile(
    r"(?:in the (?:style|manner) of|style of|art by|painted by|drawn by|illustrated by|illustration by|inspired by|by)"
    r"\s+(?:the\s+)?$",
    re.IGNORECASE,
)
_UNKNOWN_ZH = re.compile(r"([\u4e00-\u9fff]{1,8}(?:·[\u4e00-\u9fff]{1,8})+)的?(?:风格|画风|笔触|笔下)")
_UNKNOWN_EN = re.compile(
    r"(?:[Ii]n the (?:style|manner) of|[Aa]rt by|[Pp]ainted by|[Dd]rawn by|[Ii]llustrated by)\s+"
    r"((?:[A-Z][\w'’.-]*)(?:\s+(?:van|von|de|da|di|[A-Z][\w'’.-]*)){0,3})"
)
_OPENING = re.compile(
    r"(?:\s+(?:style|painting|drawing|illustration|sketch|artwork|picture|image|photo))*\s+(?:of|showing|depicting)\b",
    re.IGNORECASE,
)
_ON_A_WALL = re.compile(r"\b(?:wall|hang|hangs|hanging|hung|frame|framed|museum|gallery|shop|window)\b", re.IGNORECASE)
_WINDOW = 40
_NOT = re.compile(r"(?:\bnot|\bno|\bwithout|\bnever|不要|不是|并非|没有|非)\s*(?:in\s+|an?\s+|the\s+)*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mention:
    """One style or artist in a text."""

    kind: str
    """"artists", "styles" or "periods"."""
    id: str
    family: str
    """Styles of one family go together; an artist is a family alone."""
    name: tuple[int, int]
    """The characters that name it."""
    segment: Segment | None
    """The whole part of the prompt, where it says nothing else."""
    is_only: bool = True
    """Whether it is the only name in that part."""


@lru_cache(maxsize=512)
def mentions(words: str) -> tuple[Mention, ...]:
    """Every style and artist of a text, from left to right."""
    found: list[Mention] = []
    spoken = quoted(words)
    for number, part in enumerate(segments(words)):
        if is_within(part.start, spoken):
            continue
        tiled = _tiled(words, part)
        inside = tiled or [*_in_prose(words, part), *(_at_start(words, part) if number == 0 else ())]
        found += [each for each in inside if not _NOT.search(words[max(0, each.name[0] - _WINDOW) : each.name[0]])]
    return tuple(sorted(set(found), key=lambda each: each.name))


def _tiled(words: str, part: Segment) -> list[Mention]:
    """The names in a part that consists of nothing but names and words such as "style"."""
    terms: list[tuple[str, Term]] = []
    at = part.start
    while at < part.end:
        term = _term_at(words, at)
        if term is not None and term[1].end <= part.end:
            terms.append(term)
            at = term[1].end
        elif (filler := _FILLER.match(words, at, part.end)) is not None:
            at = filler.end()
        else:
            return []
    marked = _marks_an_artist(part.words)
    kept = [(kind, term) for kind, term in terms if kind != "artists" or marked or _is_full_name(term)]
    return [_mention(kind, term, part, is_only=len(terms) == 1) for kind, term in kept]


def _term_at(words: str, at: int) -> tuple[str, Term] | None:
    found = [
        (kind, term) for kind in ("artists", "styles", "periods") if (term := lexicon(kind).starting_at(words, at))
    ]
    return max(found, key=lambda each: each[1].end, default=None)


def _marks_an_artist(words: str) -> bool:
    return re.search(r"风|笔|画|式|style|\bby\b|inspired|esque", words, re.IGNORECASE) is not None


def _is_full_name(term: Term) -> bool:
    """A family name alone may be anybody's."""
    return not term.words.isascii() or same(term.words) == lexicon("artists").entries[term.id]["en"][0]


def _in_prose(words: str, part: Segment) -> Iterator[Mention]:
    for kind in ("artists", "styles"):
        for term in lexicon(kind).find(words, part.start, part.end):
            behind = _BEHIND_ZH.match(words, term.end, part.end) or _BEHIND_EN.match(words, term.end, part.end)
            before = _BEFORE_EN.search(words[max(part.start, term.start - _WINDOW) : term.start])
            if behind or (before and (kind == "artists" or "style" in before.group().lower())):
                yield _mention(kind, term, None)
    for pattern in (_UNKNOWN_ZH, _UNKNOWN_EN):
        for match in pattern.finditer(words, part.start, part.end):
            name, span = match.group(1), match.span(1)
            if not any(lexicon(kind).find(name) for kind in ("artists", "styles", "periods")):
                yield Mention("artists", same(name), same(name), span, None)


def _at_start(words: str, part: Segment) -> Iterator[Mention]:
    """A prompt that begins with "a watercolour painting of …"; a picture on somebody's wall is no style."""
    start = re.compile(r"(?:an?\s+|the\s+)?", re.IGNORECASE).match(words, part.start, part.end)
    term = lexicon("styles").starting_at(words, start.end() if start else part.start)
    if term is not None and _OPENING.match(words, term.end, part.end) and not _ON_A_WALL.search(part.words):
        yield _mention("styles", term, None)


def _mention(kind: str, term: Term, part: Segment | None, *, is_only: bool = True) -> Mention:
    family = lexicon(kind).entries[term.id].get("family", term.id)
    return Mention(kind, term.id, family, (term.start, term.end), part, is_only)
