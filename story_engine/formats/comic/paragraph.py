"""Text set into a box: broken where its language allows, as large as it fits, cut only where nothing else is left.

Where a line may end is asked of `uniseg`, which follows Unicode Standard Annex 14 (16.0): no closing punctuation begins
a line, no opening one ends it, Latin words stay whole, Chinese breaks anywhere else. The annex lets a line end at a
blank before a wide mark such as "；"; here it does not.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

from uniseg.graphemecluster import grapheme_clusters
from uniseg.linebreak import line_break_units

from story_engine.formats import lettering
from story_engine.formats.comic import vertical as columns

LEADING, COLUMN = 1.42, 1.55
"""From line to line, and from column to column, in ems."""
_SHRINK = 0.94
_CUT, _NARROW_CUT = "…", "..."
"""The Chinese ellipsis stands at half height; Latin text wants it on the line."""
_SHORT_LAST = 0.25
"""Of a line: a last one that is shorter is worth slightly smaller letters."""
_NEVER_FIRST = frozenset("，。！？、；：」』）】》〉”’…,.!?;:)]")
_SMALLEST_FOR_WORDS = 0.65
"""Of the largest size; a word that needs smaller letters is an address, and is broken."""

Measure = Callable[[str], float]
"""Text → its length along the line, in ems."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Text as it is set."""

    lines: tuple[str, ...]
    size: float
    """Pixels of an em."""
    width: float
    """Pixels that it takes up."""
    height: float
    vertical: bool = False
    faces: lettering.Faces = lettering.SHIPPED
    left_out: int = 0
    """Characters that found no place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How text is set."""

    vertical: bool = False
    system_fonts: bool = False
    balanced: bool = False
    """Lines about equally long, as in a bubble."""


def clean(text: str) -> str:
    """The text as it is set: characters composed, blanks at the ends gone."""
    return unicodedata.normalize("NFC", text).replace("\t", " ").strip()


def set_text(
    text: str, *, room: tuple[float, float], sizes: tuple[float, float], manner: Manner | None = None
) -> Block:
    """The text in a box.

    Args:
        text: of a person.
        room: width and height in pixels.
        sizes: smallest and largest em in pixels; the largest that fits is taken.
        manner: direction and fonts.
    """
    manner = manner or Manner()
    text = clean(text)
    if not text:
        return Block(lines=(), size=sizes[1], width=0.0, height=0.0, vertical=manner.vertical)
    faces = lettering.Faces.of(text, system=manner.system_fonts)
    if faces.narrow:
        text = text.replace(_CUT, _NARROW_CUT)
    measure = _measure(manner.vertical, faces)
    along, across = (room[1], room[0]) if manner.vertical else room
    step = COLUMN if manner.vertical else LEADING
    size = _for_whole_words(text, along, sizes, measure)
    while True:
        lines = break_lines(text, room=along / size, measure=measure)
        if len(lines) * step * size <= across:
            break
        if size <= sizes[0]:
            return _cut(lines, along, max(1, int(across / step / size)), size, measure, manner.vertical, faces)
        size = max(sizes[0], size * _SHRINK)
    if len(lines) > 1 and measure(lines[-1]) < _SHORT_LAST * along / size:
        smaller = max(sizes[0], size * _SHRINK**2)
        fewer = break_lines(text, room=along / smaller, measure=measure)
        if len(fewer) < len(lines):
            lines, size = fewer, smaller
    if manner.balanced and len(lines) > 1:
        lines = _balanced(text, lines, along / size, measure)
    return _block(lines, size, measure, manner.vertical, faces)


def break_lines(text: str, *, room: float, measure: Measure) -> tuple[str, ...]:
    """The lines of a text in a width of `room` ems; a word is only broken where it is longer than a whole line."""
    lines: list[str] = []
    line, length = "", 0.0
    for unit, whole, bare, ends in _units(text, measure):
        if line and length + bare > room:
            lines.append(line.rstrip())
            line, length = "", 0.0
        if bare <= room:
            line, length = line + unit, length + whole
        else:
            *full, line = _torn(unit, room, measure)
            lines += full
            length = measure(line)
        if ends:
            lines.append(line.rstrip())
            line, length = "", 0.0
    if line.strip():
        lines.append(line.rstrip())
    return tuple(lines)


def _for_whole_words(text: str, along: float, sizes: tuple[float, float], measure: Measure) -> float:
    """The size to begin with: a little smaller where that keeps the longest word in one piece."""
    longest = max(bare for _, _, bare, _ in _units(text, measure))
    size = min(sizes[1], along / longest) if longest else sizes[1]
    return size if size >= max(sizes[0], _SMALLEST_FOR_WORDS * sizes[1]) else sizes[1]


@lru_cache(maxsize=64)
def _measure(vertical: bool, faces: lettering.Faces) -> Measure:
    """The same object for the same manner, by which what was measured is found again."""
    return partial(_length, vertical=vertical, faces=faces)


@lru_cache(maxsize=256)
def _units(text: str, measure: Measure) -> tuple[tuple[str, float, float, bool], ...]:
    """What may not be parted: (text, length, length at a line's end, a line has to end here).

    A text is set in many sizes and widths before it is as large as its box lets it be.
    """
    found = []
    for unit in _parts(text):
        shown = unit.rstrip("\n\u2028\u2029\x0b\x0c\r\x85")
        found.append((shown, measure(shown), measure(shown.rstrip()), shown != unit))
    return tuple(found)


@lru_cache(maxsize=256)
def _parts(text: str) -> tuple[str, ...]:
    parts: list[str] = []
    for unit in line_break_units(text):
        if parts and parts[-1].endswith(" ") and unit[0] in _NEVER_FIRST:
            parts[-1] += unit
        else:
            parts.append(unit)
    return tuple(parts)


@lru_cache(maxsize=1024)
def _clusters(word: str) -> tuple[str, ...]:
    return tuple(grapheme_clusters(word))


def _torn(word: str, room: float, measure: Measure) -> list[str]:
    """Pieces of a line's length; a mark that must not begin one takes the character before it along."""
    pieces: list[list[str]] = [[]]
    for cluster in _clusters(word):
        piece = pieces[-1]
        # A blank at a line's end takes up nothing.
        if cluster == " " or not piece or measure("".join(piece)) + measure(cluster) <= room:
            piece.append(cluster)
            continue
        start = len(piece)
        if cluster in _NEVER_FIRST:
            may_begin = (place for place in range(start - 1, 0, -1) if piece[place] not in _NEVER_FIRST | {" "})
            start = next(may_begin, start)
        pieces.append([*piece[start:], cluster])
        del piece[start:]
    return ["".join(piece).rstrip() if piece is not pieces[-1] else "".join(piece) for piece in pieces]


def _balanced(text: str, lines: tuple[str, ...], room: float, measure: Measure) -> tuple[str, ...]:
    """As many lines in the narrowest width: no last line of one character."""
    longest = max(bare for _, _, bare, _ in _units(text, measure))
    narrow, wide = max(room / len(lines) / 2, longest), room
    if narrow >= wide:
        return lines
    for _ in range(8):
        middle = (narrow + wide) / 2
        if len(break_lines(text, room=middle, measure=measure)) <= len(lines):
            wide = middle
        else:
            narrow = middle
    return break_lines(text, room=wide, measure=measure)


def _cut(
    lines: tuple[str, ...],
    along: float,
    most: int,
    size: float,
    measure: Measure,
    vertical: bool,
    faces: lettering.Faces,
) -> Block:
    kept, dropped = list(lines[:most]), lines[most:]
    left_out = sum(len(line) for line in dropped)
    last, mark = kept[-1], _NARROW_CUT if faces.narrow else _CUT
    while last and measure(last + mark) > along / size:
        *clusters, _ = grapheme_clusters(last)
        left_out += len(last) - len("".join(clusters))
        last = "".join(clusters)
    kept[-1] = last + mark
    return _block(tuple(kept), size, measure, vertical, faces, left_out=left_out)


def _block(
    lines: tuple[str, ...], size: float, measure: Measure, vertical: bool, faces: lettering.Faces, *, left_out: int = 0
) -> Block:
    along = max(map(measure, lines), default=0.0) * size
    across = len(lines) * (COLUMN if vertical else LEADING) * size
    width, height = (across, along) if vertical else (along, across)
    return Block(lines=lines, size=size, width=width, height=height, vertical=vertical, faces=faces, left_out=left_out)


@lru_cache(maxsize=20_000)
def _length(text: str, *, vertical: bool, faces: lettering.Faces) -> float:
    if vertical:
        return sum(cell.advance for cell in columns.cells(text, faces))
    return lettering.width(text, faces)
