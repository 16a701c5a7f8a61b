"""Where a word stands in a text, whatever its case and width, and what the text is with another one in its place."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for and what takes its place."""

    find: str
    put: str
    match_case: bool = False
    match_width: bool = False
    """Else "，" and ",", "Ａ" and "A" are one."""
    whole_words: bool = False
    """Of words in letters: "cat" is not found in "category"."""

    def spans(self, text: str) -> tuple[tuple[int, int], ...]:
        """First and last places, as of slices, in the order of the text; none overlap."""
        wanted, _ = self._plain(self.find)
        plain, origin = self._plain(text)
        if not wanted:
            return ()
        found: list[tuple[int, int]] = []
        at = plain.find(wanted)
        while at >= 0:
            end = at + len(wanted)
            whole = self._is_whole(plain, at, end) and _is_edge(origin, at) and _is_edge(origin, end)
            if whole:
                found.append((origin[at], origin[end]))
            at = plain.find(wanted, end if whole else at + 1)
        return tuple(found)

    def _plain(self, text: str) -> tuple[str, list[int]]:
        """The text as it is compared, and for each of its characters where it came from; one more for the end."""
        letters: list[str] = []
        origin: list[int] = []
        for place, letter in enumerate(text):
            plain = letter if self.match_width else unicodedata.normalize("NFKC", letter)
            for part in plain if self.match_case else plain.casefold():
                letters.append(part)
                origin.append(place)
        return "".join(letters), [*origin, len(text)]

    def _is_whole(self, plain: str, start: int, end: int) -> bool:
        if not self.whole_words:
            return True
        before, after = plain[start - 1 : start], plain[end : end + 1]
        first, last = plain[start], plain[end - 1]
        return not (_joins(before) and _joins(first)) and not (_joins(last) and _joins(after))


def _is_edge(origin: list[int], place: int) -> bool:
    """Whether a character of the text begins here: one that stands for several is never taken apart."""
    return place == 0 or origin[place] != origin[place - 1]


def _joins(letter: str) -> bool:
    """Whether letters beside it make one word with it; characters of Chinese stand alone."""
    return bool(letter) and (letter.isalnum() or letter == "_") and not "\u2e80" <= letter <= "\U0003ffff"
