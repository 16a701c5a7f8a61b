"""Texts as they are indexed and looked for: Chinese by its characters, other scripts by their words.

An index that knows words finds no Chinese, where no blank parts them; one that knows three letters at a time finds no
word of two characters, as most are. So each character is a word of its own here, and a term is found where its
characters stand beside each other.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST_SEARCH = 500
_TOKEN = re.compile(r"[^\W_]+")


def indexed(text: str) -> str:
    """The words of `text`, parted by blanks, whatever their case and width."""
    return " ".join(_tokens(text))


def match_expression(text: str) -> str | None:
    """What every term of `text` has to match, in SQLite's FTS5; None where `text` looks for nothing.

    Terms are parted by blanks, all of them are wanted; the last word of each may go on: "kit" finds "kitten".

    Source: sqlite.org/fts5.html, 3 (full-text query syntax).
    """
    terms = text[:LONGEST_SEARCH].split()
    if not terms:
        return None
    phrases = []
    for term in terms:
        tokens = _tokens(term)
        if tokens:
            phrases.append(f'"{" ".join(tokens)}"' + ("" if _stands_alone(tokens[-1]) else " *"))
    return " AND ".join(phrases) or '""'


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    for word in _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold()):
        start = 0
        for place, letter in enumerate(word):
            if _stands_alone(letter):
                found += [word[start:place], letter]
                start = place + 1
        found.append(word[start:])
    return [token for token in found if token]


def _stands_alone(token: str) -> bool:
    return len(token) == 1 and "\u2e80" <= token <= "\U0003ffff"
