"""The linter's words: styles, artists, shots, colours, hair, clothes, figures, in both languages, from tables."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from story_engine.domain.lint.segments import same

_FOLDER = Path(__file__).resolve().parent / "tables"


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a table, found in a text."""

    id: str
    start: int
    end: int
    words: str


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words of one table: which entry each belongs to, and a pattern that finds the longest of them."""

    table: str
    entries: dict[str, dict[str, Any]]
    ids: dict[str, str]
    """Words, as `same` writes them → entry."""
    pattern: re.Pattern[str]
    longest: int
    """Characters of the longest word."""

    def find(self, words: str, start: int = 0, end: int | None = None) -> tuple[Term, ...]:
        """Every word of the table between two places, from left to right, the longest at each place."""
        last = len(words) if end is None else end
        return tuple(each for each in _found(self.table, words) if start <= each.start and each.end <= last)

    def starting_at(self, words: str, place: int) -> Term | None:
        """The longest word of the table that begins at this character."""
        match = self.pattern.match(words, place)
        if match is None or same(match.group()) not in self.ids:
            return None
        return Term(self.ids[same(match.group())], match.start(), match.end(), match.group())

    def ending_at(self, words: str, place: int) -> Term | None:
        """The longest word of the table that ends before this character."""
        for length in range(min(self.longest, place), 0, -1):
            if (entry := self.ids.get(same(words[place - length : place]))) is not None:
                start = place - length
                if not (words[start].isascii() and words[start].isalnum() and words[start - 1 : start].isalnum()):
                    return Term(entry, start, place, words[start:place])
        return None


@cache
def lexicon(table: str) -> Lexicon:
    """One table by its name: "styles", "colours", …"""
    entries: dict[str, dict[str, Any]] = json.loads((_FOLDER / f"{table}.json").read_text(encoding="utf-8"))["entries"]
    ids = {same(word): name for name, entry in entries.items() for tongue in ("zh", "en") for word in entry[tongue]}
    return Lexicon(table, entries, ids, _pattern(ids), max(map(len, ids), default=0))


@lru_cache(maxsize=4096)
def _found(table: str, words: str) -> tuple[Term, ...]:
    """A text is asked about again and again while rules go through a story."""
    ids, pattern = lexicon(table).ids, lexicon(table).pattern
    return tuple(
        Term(ids[same(match.group())], match.start(), match.end(), match.group())
        for match in pattern.finditer(words)
        if same(match.group()) in ids
    )


@cache
def embedding_names() -> tuple[str, ...]:
    """Textual inversions by name, the longest first."""
    names = json.loads((_FOLDER / "embeddings.json").read_text(encoding="utf-8"))["names"]
    return tuple(sorted(names, key=len, reverse=True))


def _pattern(words: dict[str, str]) -> re.Pattern[str]:
    alternatives = []
    for word in sorted(words, key=len, reverse=True):
        spelled = re.escape(word).replace(r"\ ", r"[ \t]+")
        if word[0].isascii() and word[0].isalnum():
            spelled = rf"(?<![A-Za-z0-9]){spelled}"
        if word[-1].isascii() and word[-1].isalnum():
            spelled = rf"{spelled}(?![A-Za-z0-9])"
        alternatives.append(spelled)
    return re.compile("|".join(alternatives) or "(?!)", re.IGNORECASE)
