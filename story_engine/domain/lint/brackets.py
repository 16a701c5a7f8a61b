"""Brackets, numbers and names that other programs read as instructions, and Kolors as plain words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from story_engine.domain.lint.segments import COMMAS, is_within, quoted
from story_engine.domain.lint.vocabulary import lexicon

_PAIRS = {"(": ")", "（": "）", "[": "]", "{": "}"}
_CLOSING = {closing: opening for opening, closing in _PAIRS.items()}
_WEIGHT = re.compile(r"(.*?)\s*[:：]\s*([+-]?(?:\d*\.\d+|\d+))\s*", re.DOTALL)
_NUMBER = re.compile(r"\s*[:：]\s*[+-]?[\d.]+\s*")
_WORD = re.compile(r"[A-Za-z]{2,}|[\u3400-\u9fff\U00020000-\U0003ffff]")
_NOT_MEANT = re.compile(r"[A-Z0-9 .!?'-]+|sic|…|\.\.\.")
"""What a sign reads, a footnote, an omission."""
LARGEST_WEIGHT = 5.0
_DEEPEST = 20
"""Brackets within brackets; nobody means more."""


@dataclass(frozen=True, slots=True)
class Group:
    """Characters between an opening bracket and its own closing one, both included."""

    start: int
    end: int
    opening: str
    inner: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Placebo:
    """Characters that do nothing, and the words that say the same without them."""

    code: str
    start: int
    end: int
    put: str


def bracket_placebos(words: str, references: tuple[tuple[int, int], ...]) -> Iterator[Placebo]:
    """`(x:1.2)`, `((x))`, `[x]`, `{a|b}`, `{x}`; prose in brackets, emoticons and references are left alone."""
    spoken = quoted(words)
    lonely = _lonely(words)
    yield from _placebos(words, groups(words), references, spoken, lonely)


def groups(words: str) -> tuple[Group, ...]:
    """The outermost pairs of brackets; one that is never closed, or escaped by a backslash, is none."""
    open_: list[tuple[int, str, list[Group]]] = []
    top: list[Group] = []
    for at, letter in enumerate(words):
        if words[at - 1 : at] == "\\":
            continue
        if letter in _PAIRS and len(open_) < _DEEPEST:
            open_.append((at, letter, []))
        elif letter in _CLOSING and any(each[1] == _CLOSING[letter] for each in open_):
            loose: list[Group] = []
            while open_[-1][1] != _CLOSING[letter]:
                loose += open_.pop()[2]
            start, opening, inner = open_.pop()
            group = Group(start, at + 1, opening, tuple(inner + loose))
            (open_[-1][2] if open_ else top).append(group)
    for _, _, inner in open_:
        top += inner
    return tuple(sorted(top, key=lambda group: group.start))


def _placebos(
    words: str,
    found: tuple[Group, ...],
    references: tuple[tuple[int, int], ...],
    spoken: tuple[tuple[int, int], ...],
    lonely: bool,
) -> Iterator[Placebo]:
    for group in found:
        if (group.start, group.end) in references or is_within(group.start, spoken):
            continue
        code = _code(words, group, lonely)
        if code is None:
            yield from _placebos(words, group.inner, references, spoken, lonely)
        else:
            yield Placebo(code, group.start, group.end, _bare(words, group, references))


def _code(words: str, group: Group, lonely: bool) -> str | None:
    inner = words[group.start + 1 : group.end - 1]
    if group.opening == "{" and re.search(r"\w\s*\|\s*\w", inner):
        return "lint.alternatives"
    if _weight(inner) is not None and group.opening != "[":
        return "lint.weight"
    if not _WORD.search(inner):
        return None
    if group.opening == "{":
        return "lint.braces"
    nested = len(group.inner) == 1 and words[group.inner[0].start : group.inner[0].end] == inner.strip()
    if nested and group.inner[0].opening == group.opening:
        return "lint.brackets"
    if group.opening == "[":
        is_link = words[group.end : group.end + 1] == "("
        return None if is_link or _NOT_MEANT.fullmatch(inner) else "lint.brackets"
    return "lint.brackets" if _is_alone(words, group) and (lonely or _is_quality(inner)) else None


def _weight(inner: str) -> str | None:
    """The words in front of a weight; None where the number is a time, a ratio or a verse."""
    match = _WEIGHT.fullmatch(inner)
    if match is None or abs(float(match.group(2))) > LARGEST_WEIGHT:
        return None
    is_whole = "." not in match.group(2)
    if not (_WORD.search(match.group(1)) or (not is_whole and match.group(1)[-1:].isalpha())):
        return None
    spaced = inner[len(match.group(1)) : match.start(2)].strip(":：") != ""
    return None if is_whole and (match.group(1)[-1].isdigit() or spaced) else match.group(1)


def _bare(words: str, group: Group, references: tuple[tuple[int, int], ...]) -> str:
    """What stands in the brackets, without them."""
    text, behind = "", group.start + 1
    for inner in group.inner:
        whole = words[inner.start : inner.end]
        rest = words[group.start + 1 : inner.start] + _NUMBER.sub("", words[inner.end : group.end - 1])
        is_all = inner.opening == group.opening and not rest.strip()
        kept = (inner.start, inner.end) in references or (_code(words, inner, False) is None and not is_all)
        text += words[behind : inner.start] + (whole if kept else _bare(words, inner, references))
        behind = inner.end
    text += words[behind : group.end - 1]
    if group.opening == "{" and "|" in text:
        text = next((part for part in text.split("|") if part.strip()), "")
    elif group.opening == "[" and re.fullmatch(r"[^:|]*[:|][^\]]*", text):
        text = next((part for part in re.split(r"[:|]", text) if _WORD.search(part)), "")
    plain = _weight(text) if group.opening in "(（" else None
    return (text if plain is None else plain).strip()


def _is_alone(words: str, group: Group) -> bool:
    """Whether the brackets are the whole of what stands between two commas."""
    before, after = words[: group.start].rstrip(" "), words[group.end :].lstrip(" ")
    return (not before or before[-1] in COMMAS) and (not after or after[0] in COMMAS)


def _lonely(words: str) -> bool:
    """Whether several short groups stand alone: that is how tags are emphasised, and not how one puts in a remark."""
    alone = [group for group in groups(words) if group.opening == "(" and _is_alone(words, group)]
    short = [group for group in alone if len(words[group.start : group.end].split()) <= 3]
    return len(short) >= 2


def _is_quality(inner: str) -> bool:
    terms = lexicon("quality").find(inner)
    return bool(terms) and sum(term.end - term.start for term in terms) * 2 > len(inner)
