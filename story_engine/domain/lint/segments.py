"""The parts of a prompt between its commas, what is quoted in it, and taking words out without leaving a seam."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

COMMAS = "，,、;；\n"
_ENDS = "。．！!？?"
_SEPARATOR = re.compile(rf"[{COMMAS}{_ENDS}]|\.(?=\s|$)")
_QUOTES = re.compile(
    r"“[^“”]*”|‘[^‘’]*’|「[^「」]*」|『[^『』]*』|《[^《》]*》|〈[^〈〉]*〉|\"[^\"\n]*\"|(?<!\w)'[^'\n]+'(?!\w)"
)
_CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_LATIN_WORD = re.compile(r"[A-Za-z]+")


@dataclass(frozen=True, slots=True)
class Segment:
    """Words between two commas, without the spaces around them."""

    start: int
    end: int
    words: str

    @property
    def key(self) -> str:
        """The same for the same words in another case or width."""
        return same(self.words)


def segments(words: str) -> tuple[Segment, ...]:
    """The parts of a text; a comma in a quotation or between digits parts nothing."""
    spoken = quoted(words)
    found, behind = [], 0
    for match in _SEPARATOR.finditer(words):
        at = match.start()
        if any(start < at < end - 1 for start, end in spoken) or is_in_number(words, at):
            continue
        found.append((behind, at))
        behind = match.end()
    parts = []
    for start, end in (*found, (behind, len(words))):
        text = words[start:end]
        inner = text.strip()
        if inner:
            lead = len(text) - len(text.lstrip())
            parts.append(Segment(start + lead, start + lead + len(inner), inner))
    return tuple(parts)


def quoted(words: str) -> tuple[tuple[int, int], ...]:
    """Where somebody is quoted or a title is named: what stands there is no instruction to a painter."""
    return tuple(match.span() for match in _QUOTES.finditer(words))


def is_within(place: int, spans: tuple[tuple[int, int], ...]) -> bool:
    """Whether a character lies in one of the spans."""
    return any(start <= place < end for start, end in spans)


def is_in_number(words: str, at: int) -> bool:
    """Whether the mark stands between two digits, as in 1,000 and 16:9."""
    return 0 < at < len(words) - 1 and words[at - 1].isdigit() and words[at + 1].isdigit()


def same(words: str) -> str:
    """Words for comparing: one case, one width, one space."""
    return " ".join(unicodedata.normalize("NFKC", words).casefold().split())


def is_chinese(words: str) -> bool:
    """Whether a text is Chinese rather than written in letters."""
    return len(_CHINESE.findall(words)) >= max(1, len(_LATIN_WORD.findall(words)))


def without(words: str, start: int, end: int) -> str:
    """The text with these characters taken out, and one separator where there were two."""
    before, after = words[:start].rstrip(" \t"), words[end:].lstrip(" \t")
    if not before:
        return after.lstrip(COMMAS + " ")
    if not after.strip(COMMAS + " "):
        return before.rstrip(COMMAS + " ") if not after.strip() else before.rstrip(COMMAS + " ") + after.rstrip(COMMAS)
    if before[-1] in COMMAS and after[0] in COMMAS + _ENDS + ".":
        return before.rstrip(COMMAS + " ") + after
    if after[0] in COMMAS + _ENDS:
        return before + after
    return f"{before}{' ' * _needs_space(words, start, end, before, after)}{after}"


def in_place_of(words: str, start: int, end: int, new: str) -> str:
    """The text with other words at these characters."""
    return without(words, start, end) if not new.strip() else words[:start] + new + words[end:]


def separator_in(words: str) -> str:
    """The comma that a text is written with."""
    if "，" in words:
        return "，"
    if "," in words:
        return "," if ", " not in words else ", "
    return "，" if is_chinese(words) else ", "


def _needs_space(words: str, start: int, end: int, before: str, after: str) -> bool:
    return len(before) < start or words[end : end + 1] in (" ", "\t") or (before[-1] == "," and after[0].isascii())
