"""Where panels stand on a page: every picture whole, in reading order, as much of the page covered as can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from story_engine.domain.comic import ComicOptions
from story_engine.formats.comic.drawing import PER_MM, Box

PAPER_MM = {"a4": (210, 297), "b5": (176, 250)}
"""ISO 216."""
MARGIN = 12 * PER_MM
GUTTER = 4 * PER_MM
USUAL_PER_PAGE = {"rows": 8, "grid": 12, "first": 7, "column": 4}
MOST_IN_A_ROW = 4
_WIDEST_OF_FEW = 3
"""Panels in a row while a page has at most `_FEW`: smaller ones look lost."""
_FEW = 9
_MOST_TRIED = 10
"""Panels up to which every way to part them into rows is tried."""
_UNEVEN = 0.03
_MOST_STRETCH = 2.5
"""Of gutters between rows, where a page is not filled."""

Words = Callable[[int, float, float], float]
"""(panel, its width, its height) → what its words take: height under the picture, or width beside it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Of one panel."""

    panel: int
    picture: Box
    words: Box


def paper(options: ComicOptions) -> tuple[int, int]:
    """Width and height of a page in pixels."""
    sides = PAPER_MM[options.paper]
    width, height = (round(side * PER_MM) for side in (reversed(sides) if options.landscape else sides))
    return width, height


def shared_out(count: int, options: ComicOptions) -> list[range]:
    """The panels of each page, about equally many."""
    most = options.per_page or USUAL_PER_PAGE[options.layout]
    pages = -(-count // most)
    bounds = [round(page * count / pages) for page in range(pages + 1)]
    return [range(first, end) for first, end in pairwise(bounds)]


def places(
    panels: Sequence[int], shapes: Sequence[float], *, room: Box, options: ComicOptions, words: Words
) -> list[Place]:
    """The places of a page's panels.

    Args:
        panels: their numbers.
        shapes: width / height of every panel of the story.
        room: what there is on the page.
        options: layout, direction.
        words: what a panel's words take.
    """
    if options.layout == "column":
        found = _column(panels, shapes, room)
    else:
        ways = _ways(len(panels), options.layout)
        best = max(ways, key=lambda way: _worth(_sized(way, 1.0, panels, shapes, room, options, words), way, room))
        found = _fitted(best, panels, shapes, room, options, words)
    return [_mirrored(place, room) for place in found] if options.vertical else found


def _worth(rows: Sequence[Sequence[Place]], way: Sequence[int], room: Box) -> float:
    """The share of the page that pictures cover once the rows have been made as small as it asks for."""
    covered = sum(place.picture.width * place.picture.height for row in rows for place in row)
    smaller = min(1.0, room.height / _high(rows))
    return covered * smaller**2 / room.width / room.height - _UNEVEN * (max(way) - min(way))


def _ways(count: int, layout: str) -> Iterator[tuple[int, ...]]:
    """How many panels stand in each row."""
    if layout == "grid" or count > _MOST_TRIED:
        for across in range(1, min(count, MOST_IN_A_ROW if count > 1 else 1) + 1):
            full, rest = divmod(count, across)
            yield (*[across] * full, *([rest] if rest else []))
    elif layout == "first":
        yield from ((1, *rest) for rest in _parted(count - 1))
    else:
        yield from _parted(count)


def _parted(count: int, most: int | None = None) -> Iterator[tuple[int, ...]]:
    most = most or (_WIDEST_OF_FEW if count <= _FEW else MOST_IN_A_ROW)
    if count == 0:
        yield ()
    for first in range(1, min(count, most) + 1):
        yield from ((first, *rest) for rest in _parted(count - first, most))


def _fitted(
    way: Sequence[int], panels: Sequence[int], shapes: Sequence[float], room: Box, options: ComicOptions, words: Words
) -> list[Place]:
    """Rows as wide as the room, all made smaller together where they would be too high."""
    found = _sized(way, 1.0, panels, shapes, room, options, words)
    if _high(found) > room.height:
        small, large = 0.02, 1.0
        found = _sized(way, small, panels, shapes, room, options, words)
        for _ in range(9):
            middle = (small + large) / 2
            tried = _sized(way, middle, panels, shapes, room, options, words)
            if _high(tried) <= room.height:
                small, found = middle, tried
            else:
                large = middle
    return _spread(found, room)


def _sized(
    way: Sequence[int],
    scale: float,
    panels: Sequence[int],
    shapes: Sequence[float],
    room: Box,
    options: ComicOptions,
    words: Words,
) -> list[list[Place]]:
    across = max(way) if options.layout == "grid" else None
    is_beside = options.vertical and options.captions == "beside"
    found: list[list[Place]] = []
    top, start = room.y, 0
    for count in way:
        row = panels[start : start + count]
        start += count
        places = across or len(row)
        # A grid's last row has cells as large as the others.
        wide = sum(shapes[panel] for panel in row) * places / len(row)
        free = room.width - (places - 1) * GUTTER
        height = free / wide * scale
        if is_beside:
            for _ in range(4):  # columns get fewer as the picture gets higher
                beside = max(words(panel, shapes[panel] * height, height) for panel in row)
                height = max(0.15 * free / wide, (free - places * beside) / wide) * scale
        under, x = 0.0, room.x
        line: list[Place] = []
        for panel in row:
            picture = Box(x, top, shapes[panel] * height, height)
            takes = words(panel, picture.width, height)
            if is_beside:
                line.append(Place(panel, picture, Box(picture.right, top, takes, height)))
                x = picture.right + takes + GUTTER
            else:
                line.append(Place(panel, picture, Box(x, picture.bottom, picture.width, takes)))
                under = max(under, takes)
                x = picture.right + GUTTER
        found.append(line)
        top += height + under + GUTTER
    return found


def _high(rows: Sequence[Sequence[Place]]) -> float:
    top = rows[0][0].picture.y
    return max(max(place.picture.bottom, place.words.bottom) for place in rows[-1]) - top


def _spread(rows: Sequence[Sequence[Place]], room: Box) -> list[Place]:
    """Rows in the middle, with wider gutters where the page has room to spare."""
    free = max(0.0, room.height - _high(rows))
    more = min(free / max(1, len(rows) - 1), (_MOST_STRETCH - 1) * GUTTER) if len(rows) > 1 else 0.0
    top = (free - more * (len(rows) - 1)) / 2 if len(rows) == 1 else 0.0
    widest = max(_right(row) for row in rows)
    left = max(0.0, (room.right - widest) / 2)
    return [
        Place(
            place.panel,
            _moved(place.picture, left, top + more * number),
            _moved(place.words, left, top + more * number),
        )
        for number, row in enumerate(rows)
        for place in row
    ]


def _right(row: Sequence[Place]) -> float:
    return max(max(place.picture.right, place.words.right) for place in row)


def _column(panels: Sequence[int], shapes: Sequence[float], room: Box) -> list[Place]:
    """Pictures one under another, the words beside each."""
    height = (room.height - (len(panels) - 1) * GUTTER) / len(panels)
    found = []
    for number, panel in enumerate(panels):
        shape = shapes[panel]
        tall = min(height, 0.62 * room.width / shape)
        picture = Box(room.x, room.y + number * (height + GUTTER) + (height - tall) / 2, tall * shape, tall)
        words = Box(picture.right + GUTTER, picture.y, room.right - picture.right - GUTTER, tall)
        found.append(Place(panel, picture, words))
    return found


def _mirrored(place: Place, room: Box) -> Place:
    """For text that runs from right to left; words stand to the left of their picture then, and are read after it."""
    return Place(place.panel, _flipped(place.picture, room), _flipped(place.words, room))


def _flipped(box: Box, room: Box) -> Box:
    return Box(room.x + room.right - box.right, box.y, box.width, box.height)


def _moved(box: Box, x: float, y: float) -> Box:
    return Box(box.x + x, box.y + y, box.width, box.height)
