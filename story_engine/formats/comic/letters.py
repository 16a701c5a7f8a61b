"""A block of text as letters on a page."""

from __future__ import annotations

from story_engine.formats import lettering
from story_engine.formats.comic import vertical as columns
from story_engine.formats.comic.drawing import Letters
from story_engine.formats.comic.paragraph import COLUMN, LEADING, Block

_ASCENT = 0.88
"""Of an em above the baseline: the em box of Noto Sans CJK."""
_MIDDLE = 0.36
"""Ems of half a small letter's height and its middle over the baseline: turned words run along a column's middle."""


def letters(block: Block, *, x: float, y: float, width: float, align: str, colour: str) -> list[Letters]:
    """The letters of a block.

    Args:
        block: the text as it is set.
        x: left edge of its place.
        y: upper edge.
        width: of its place.
        align: "left", "middle" or "right" for lines; columns are put so as a whole.
        colour: of the letters.
    """
    if block.vertical:
        return _columns(block, x, y, width, align, colour)
    drawn: list[Letters] = []
    for place, line in enumerate(block.lines):
        long = lettering.width(line, block.faces) * block.size
        start = x + _indent(align, width - long)
        baseline = y + (place * LEADING + (LEADING - 1) / 2 + _ASCENT) * block.size
        for face, piece in lettering.runs(line, block.faces):
            size = block.size * lettering.scale(face)
            drawn.append(Letters(start, baseline, piece, size, face, colour))
            start += sum(lettering.advance(face, character) for character in piece) * block.size
    return drawn


def _indent(align: str, free: float) -> float:
    return {"left": 0.0, "middle": free / 2, "right": free}[align]


def _columns(block: Block, x: float, y: float, width: float, align: str, colour: str) -> list[Letters]:
    """Columns from right to left."""
    drawn: list[Letters] = []
    right = x + _indent(align, width - block.width) + block.width
    for place, line in enumerate(block.lines):
        middle = right - (place + 0.5) * COLUMN * block.size
        top = y
        for cell in columns.cells(line, block.faces):
            drawn += _cell(cell, middle, top, block.size, colour, block.faces)
            top += cell.advance * block.size
    return drawn


def _cell(
    cell: columns.Cell, middle: float, top: float, em: float, colour: str, faces: lettering.Faces
) -> list[Letters]:
    drawn: list[Letters] = []
    size = em * cell.size
    along = 0.0
    long = lettering.width(cell.text, faces) * size
    for face, piece in lettering.runs(cell.text, faces):
        letter = size * lettering.scale(face)
        if cell.turned:
            drawn.append(Letters(middle - _MIDDLE * em, top + along, piece, letter, face, colour, turned=True))
        elif piece.strip():
            baseline = top + em / 2 + (_ASCENT - 0.5) * size
            drawn.append(Letters(middle - long / 2 + along, baseline, piece, letter, face, colour))
        along += sum(lettering.advance(face, character) for character in piece) * size
    return drawn
