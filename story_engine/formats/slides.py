"""The board as slides: all panels with numbers, titles and captions, or one of them large.

A slide is a page of `formats.comic.drawing`, so that what is shown and what is saved is one picture.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from story_engine.domain.presentation import Look
from story_engine.formats.comic.drawing import Area, Box, Item, Page, Picture
from story_engine.formats.comic.letters import letters
from story_engine.formats.comic.paragraph import Block, Manner, set_text
from story_engine.formats.comic.png import page_image

SIZES = {"wide": (1920, 1080), "tall": (1080, 1920)}
"""Pixels of a screen that most people have, and of a telephone's."""
_MANNER = Manner(system_fonts=True)
_MOST_CHARACTERS = 400
"""Of a title or caption; what comes after them has no place on a slide anyway, and would only be measured."""
_EDGE, _GAP = 56.0, 36.0
_TITLE = (26.0, 52.0)
"""Smallest and largest letters, here and below."""
_HEAD = 112.0
_CELL_TITLE, _CELL_CAPTION = (15.0, 24.0), (13.0, 20.0)
_CELL_TITLE_ROOM, _CELL_CAPTION_ROOM = 36.0, 60.0
_LARGE_TITLE, _LARGE_CAPTION = (26.0, 54.0), (22.0, 38.0)
_LARGE_NUMBER = 64.0
_LINE_GAP = 14.0
_WORDS_WIDE, _WORDS_BELOW = 520.0, 300.0
"""Room for a panel's words beside its picture, and under it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlidePanel:
    """One panel with its words."""

    number: int
    title: str
    caption: str
    picture: Path | None
    """None: it is not painted yet."""
    shape: float
    """Width / height."""


@dataclass(frozen=True, slots=True)
class _Colours:
    paper: str
    ink: str
    quiet: str
    accent: str
    blank: str


_COLOURS = {
    "light": _Colours("#FBF9F6", "#2A2530", "#5F5763", "#9A3B66", "#EDE7DF"),
    "dark": _Colours("#17151A", "#ECE7EE", "#B3ABB9", "#D98FB4", "#2B2731"),
}


def board_slide(title: str, panels: Sequence[SlidePanel], look: Look) -> Page:
    """All panels in reading order, as large as there is room for."""
    width, height = SIZES[look.shape]
    colours = _COLOURS[look.theme]
    items: list[Item] = [Area(Box(0, 0, width, height), colours.paper)]
    top = _EDGE
    if title.strip():
        room = width - 2 * _EDGE
        block = _set(title, room=(room, _HEAD - 24), sizes=_TITLE)
        items += letters(block, x=_EDGE, y=_EDGE, width=room, align="middle", colour=colours.ink)
        top += _HEAD
    room_box = Box(_EDGE, top, width - 2 * _EDGE, height - _EDGE - top)
    for panel, cell in zip(panels, _cells(panels, room_box), strict=True):
        items += _cell(panel, cell, colours)
    return Page(width, height, tuple(items))


def panel_slide(panel: SlidePanel, look: Look) -> Page:
    """One panel, its words beside the picture or under it: wherever that leaves the picture larger."""
    width, height = SIZES[look.shape]
    colours = _COLOURS[look.theme]
    whole = Box(_EDGE, _EDGE, width - 2 * _EDGE, height - 2 * _EDGE)
    beside = _fitted(panel.shape, Box(whole.x, whole.y, whole.width - _WORDS_WIDE - _GAP, whole.height))
    below = _fitted(panel.shape, Box(whole.x, whole.y, whole.width, whole.height - _WORDS_BELOW - _GAP))
    if beside.width > below.width:
        left = (width - beside.width - _GAP - _WORDS_WIDE) / 2
        picture = Box(left, beside.y, beside.width, beside.height)
        words = _words(panel, _WORDS_WIDE, picture.height)
        x, y = picture.right + _GAP, (height - _height(words)) / 2
    else:
        wide = max(below.width, _WORDS_WIDE)
        words = _words(panel, wide, _WORDS_BELOW)
        top = (height - below.height - _GAP - _height(words)) / 2
        picture = Box(below.x, top, below.width, below.height)
        x, y = (width - wide) / 2, picture.bottom + _GAP
    items: list[Item] = [Area(Box(0, 0, width, height), colours.paper), *_picture(panel, picture, colours)]
    for block, colour in zip(words, (colours.accent, colours.ink, colours.quiet), strict=True):
        items += letters(block, x=x, y=y, width=block.width, align="left", colour=colour)
        y += block.height + _LINE_GAP
    return Page(width, height, tuple(items))


def slide_png(page: Page) -> bytes:
    """The slide as a PNG file.

    Raises:
        ChooseAnother: a panel's picture cannot be read.
    """
    file = io.BytesIO()
    page_image(page).save(file, "PNG", compress_level=4)
    return file.getvalue()


def _cells(panels: Sequence[SlidePanel], room: Box) -> Iterator[Box]:
    """A place for each panel; as many columns as leave the pictures largest."""
    count = len(panels)
    shape = max((panel.shape for panel in panels), default=1.0)
    words = _CELL_TITLE_ROOM + _CELL_CAPTION_ROOM

    def picture_width(columns: int) -> float:
        rows = -(-count // columns)
        across = (room.width - (columns - 1) * _GAP) / columns
        down = (room.height - (rows - 1) * _GAP) / rows - words
        return min(across, max(0.0, down) * shape)

    columns = max(range(1, count + 1), key=picture_width, default=1)
    rows = -(-count // columns)
    picture = picture_width(columns)
    width, height = max(picture, 1.0), picture / shape + words
    gap = min((room.width - columns * width) / max(1, columns - 1), 2 * _GAP) if columns > 1 else 0.0
    left = room.x + (room.width - columns * width - (columns - 1) * gap) / 2
    top = room.y + (room.height - rows * height - (rows - 1) * _GAP) / 2
    for place in range(count):
        row, column = divmod(place, columns)
        yield Box(left + column * (width + gap), top + row * (height + _GAP), width, height)


def _cell(panel: SlidePanel, cell: Box, colours: _Colours) -> Iterator[Item]:
    words = _CELL_TITLE_ROOM + _CELL_CAPTION_ROOM
    room = Box(cell.x, cell.y, cell.width, cell.height - words)
    yield from _picture(panel, _fitted(panel.shape, room), colours)
    number = set_text(f"{panel.number}", room=(cell.width, _CELL_TITLE_ROOM), sizes=(_CELL_TITLE[1], _CELL_TITLE[1]))
    top = room.bottom + 6
    yield from letters(number, x=cell.x, y=top, width=number.width, align="left", colour=colours.accent)
    indent = number.width + 10
    title = _set(panel.title, room=(cell.width - indent, _CELL_TITLE_ROOM), sizes=_CELL_TITLE)
    yield from letters(title, x=cell.x + indent, y=top, width=cell.width, align="left", colour=colours.ink)
    caption = _set(panel.caption, room=(cell.width, _CELL_CAPTION_ROOM), sizes=_CELL_CAPTION)
    top += _CELL_TITLE_ROOM
    yield from letters(caption, x=cell.x, y=top, width=cell.width, align="left", colour=colours.quiet)


def _words(panel: SlidePanel, width: float, height: float) -> tuple[Block, Block, Block]:
    """Number, title and caption of a panel that is shown large."""
    number = set_text(f"{panel.number}", room=(width, height), sizes=(_LARGE_NUMBER, _LARGE_NUMBER))
    title = _set(panel.title, room=(width, height * 0.35), sizes=_LARGE_TITLE)
    rest = max(_LARGE_CAPTION[0] * 2, height - number.height - title.height - 2 * _LINE_GAP)
    return number, title, _set(panel.caption, room=(width, rest), sizes=_LARGE_CAPTION)


def _height(words: Sequence[Block]) -> float:
    return sum(block.height for block in words) + _LINE_GAP * (len(words) - 1)


def _set(text: str, *, room: tuple[float, float], sizes: tuple[float, float]) -> Block:
    return set_text(text[:_MOST_CHARACTERS], room=room, sizes=sizes, manner=_MANNER)


def _picture(panel: SlidePanel, box: Box, colours: _Colours) -> Iterator[Item]:
    if panel.picture is None:
        yield Area(box, colours.blank, radius=14)
    else:
        yield Picture(panel.picture, box, panel.title)


def _fitted(shape: float, room: Box) -> Box:
    """As large as the room lets it be, in the room's middle."""
    width = min(room.width, room.height * shape)
    height = width / shape
    return Box(room.x + (room.width - width) / 2, room.y + (room.height - height) / 2, width, height)
