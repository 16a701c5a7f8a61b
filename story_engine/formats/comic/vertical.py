"""Text from top to bottom: which character stands upright, which turns, and what punctuation looks like there.

Source: Unicode Standard Annex 50 (vertical text layout); GB/T 15834-2011, 5.2 (quotation marks of vertical text are
corner brackets); two digits side by side as in JLREQ 3.2.5 and CLREQ 3.1.4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from story_engine.formats import lettering

FORMS = str.maketrans(
    "，、。：；！？…—–＿（）｛｝〔〕【】《》〈〉「」『』［］“”‘’｟｠〖〗",
    "︐︑︒︓︔︕︖︙︱︲︳︵︶︷︸︹︺︻︼︽︾︿﹀﹁﹂﹃﹄﹇﹈﹃﹄﹁﹂︵︶︗︘",
)
"""Horizontal → vertical form."""
_LATIN = re.compile("[!-~\u00a1-\u024f](?:[ -~\u00a1-\u024f’]*[!-~\u00a1-\u024f’])?")
_TO_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_COMBINED_SIZE = 0.86
MOST_COMBINED = 2
"""Digits that stand side by side in one cell."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What takes one place in a column."""

    text: str
    advance: float
    """Ems downwards."""
    turned: bool = False
    size: float = 1.0
    """Ems of its letters."""


def cells(line: str, faces: lettering.Faces = lettering.SHIPPED) -> list[Cell]:
    """The column that a line of text becomes."""
    found: list[Cell] = []
    start = 0
    for match in _LATIN.finditer(line):
        found += _upright(line[start : match.start()], faces)
        found += _latin(match[0], faces)
        start = match.end()
    return found + _upright(line[start:], faces)


def _latin(text: str, faces: lettering.Faces) -> list[Cell]:
    if text.isdecimal() and len(text) <= MOST_COMBINED:
        return [Cell(text, 1.0, size=_COMBINED_SIZE)]
    if len(text) == 1 or not any(character.isalnum() for character in text):
        return _upright(text.translate(_TO_FULL_WIDTH), faces)
    return [Cell(text, lettering.width(text, faces), turned=True)]


def _upright(text: str, faces: lettering.Faces) -> list[Cell]:
    found = []
    for face, piece in lettering.runs(text, faces):
        for character in piece:
            blank = character.isspace()
            advance = lettering.advance(face, character) if blank else 1.0
            found.append(Cell(character.translate(FORMS), advance))
    return found
