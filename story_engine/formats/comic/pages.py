"""The pages of a comic: what lies where, and what of its words found no place or no letters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from story_engine.domain.comic import ComicOptions
from story_engine.domain.finding import Finding
from story_engine.formats import lettering
from story_engine.formats.comic.bubbles import INK, QUIET, Said, bubbles
from story_engine.formats.comic.calm import Calm
from story_engine.formats.comic.drawing import PER_MM, PER_POINT, Area, Box, Item, Page, Picture
from story_engine.formats.comic.layout import MARGIN, Place, paper, places, shared_out
from story_engine.formats.comic.letters import letters
from story_engine.formats.comic.paragraph import Block, Manner, clean, set_text

CAPTION = (5 * PER_POINT, 9 * PER_POINT)
"""Smallest and largest letters of a caption."""
_OF_WIDTH = 0.026
"""Of a wide picture: letters that suit it."""
WIDE_CAPTION = (5 * PER_POINT, 13 * PER_POINT)
"""Beside a picture that has half the page to itself."""
TITLE = (9 * PER_POINT, 21 * PER_POINT)
FOOTER = 7 * PER_POINT
_HEAD = 15 * PER_MM
_FOOT = 7 * PER_MM
_FRAME = 0.3 * PER_MM
_GAP = 1.6 * PER_MM
"""Between a picture and its words."""
_MOST_WORDS = 0.55
"""Of a picture's side that its words may take beside it."""
_INSIDE = (0.94, 0.3)
"""Shares of a picture that a caption within it may cover."""
_CAPTION_PAPER = "#FFFDF6"
_MOST_NAMED = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ComicPanel:
    """One panel with its words."""

    picture: Path
    shape: float
    """Width / height."""
    title: str = ""
    caption: str = ""
    said: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comic:
    """A story as it is laid out."""

    title: str
    panels: tuple[ComicPanel, ...]
    options: ComicOptions


def comic_pages(comic: Comic) -> tuple[tuple[Page, ...], tuple[Finding, ...]]:
    """All pages, and what is to be said about them."""
    shared = shared_out(len(comic.panels), comic.options)
    composer = _Composer(comic)
    drawn = tuple(composer.page(panels, number, len(shared)) for number, panels in enumerate(shared, start=1))
    return drawn, (*_missing(comic), *composer.findings)


def texts_of(comic: Comic) -> Iterable[str]:
    """Every text that the options let onto a page, as it is set."""
    options = comic.options
    if options.title:
        yield clean(comic.title)
    for panel in comic.panels:
        if options.scene_titles or options.layout == "column":
            yield clean(panel.title)
        if options.captions != "none":
            yield clean(panel.caption)
        if options.bubbles:
            for each in panel.said:
                yield from (clean(each.speaker), clean(each.text))


def _missing(comic: Comic) -> Iterable[Finding]:
    lacking = lettering.missing(texts_of(comic), system_fonts=comic.options.system_fonts)
    if lacking:
        named = " ".join(f"{each} (U+{ord(each):04X})" for each in lacking[:_MOST_NAMED])
        code = "comics.missing_here" if comic.options.system_fonts else "comics.missing"
        yield Finding(code=code, state="warning", values={"count": len(lacking), "characters": named})


class _Composer:
    """Lays out one comic, page by page, and remembers what did not fit."""

    def __init__(self, comic: Comic) -> None:
        self._comic = comic
        self._options = comic.options
        self._manner = Manner(vertical=self._options.vertical, system_fonts=self._options.system_fonts)
        self._shapes = [panel.shape for panel in comic.panels]
        self.findings: list[Finding] = []

    def page(self, panels: range, number: int, count: int) -> Page:
        """One page of `count`."""
        width, height = paper(self._options)
        items: list[Item] = [Area(Box(0, 0, width, height), "#FFFFFF")]
        top = MARGIN
        if number == 1 and self._options.title and clean(self._comic.title):
            items += self._head(width)
            top += _HEAD
        foot = _FOOT if count > 1 else 0.0
        if foot:
            text = f"{number} / {count}"
            block = set_text(text, room=(width, foot), sizes=(FOOTER, FOOTER))
            items += letters(block, x=0, y=height - MARGIN, width=width, align="middle", colour=QUIET)
        room = Box(MARGIN, top, width - 2 * MARGIN, height - MARGIN - foot - top)
        measured = lru_cache(maxsize=None)(self._words)
        for place in places(
            panels,
            self._shapes,
            room=room,
            options=self._options,
            words=lambda panel, wide, high: measured(panel, round(wide), round(high)),
        ):
            items += self._panel(place)
        return Page(width, height, tuple(items))

    def _head(self, width: int) -> Sequence[Item]:
        manner = Manner(system_fonts=self._options.system_fonts, balanced=True)
        block = set_text(self._comic.title, room=(width - 2 * MARGIN, _HEAD - 2 * _GAP), sizes=TITLE, manner=manner)
        y = MARGIN + (_HEAD - 2 * _GAP - block.height) / 2
        return self._letters(block, Box(MARGIN, y, width - 2 * MARGIN, block.height), "middle", INK)

    def _words(self, panel: int, width: int, height: int) -> float:
        """What the words beside a picture take, with the gap before them."""
        blocks = self._set(panel, self._room(width, height))
        if self._options.vertical:
            return sum(block.width for block in blocks) + _GAP if blocks else 0.0
        return sum(block.height for block in blocks) + _GAP if blocks else 0.0

    def _room(self, width: float, height: float) -> tuple[float, float]:
        """What words may take beside a picture of this size; the same whether they are measured or drawn."""
        most = _MOST_WORDS * max(width, height)
        return (most, height) if self._options.vertical else (width, most)

    def _set(self, number: int, room: tuple[float, float], sizes: tuple[float, float] | None = None) -> list[Block]:
        """Title and caption of a panel, the title in one piece with what is left for the caption."""
        panel = self._comic.panels[number]
        wide = room[1] if self._options.vertical else room[0]
        sizes = sizes or (CAPTION[0], max(CAPTION[1], _OF_WIDTH * wide))
        blocks = []
        if (self._options.scene_titles or self._options.layout == "column") and clean(panel.title):
            across = (room[0] * 0.4, room[1]) if self._options.vertical else (room[0], room[1] * 0.4)
            larger = (sizes[0], sizes[1] * 1.15)
            blocks.append(set_text(panel.title, room=across, sizes=larger, manner=self._manner))
        if self._options.captions == "beside" and clean(panel.caption):
            taken = sum(block.width if self._options.vertical else block.height for block in blocks)
            left = (room[0] - taken, room[1]) if self._options.vertical else (room[0], room[1] - taken)
            blocks.append(set_text(panel.caption, room=left, sizes=sizes, manner=self._manner))
        return blocks

    def _panel(self, place: Place) -> list[Item]:
        panel = self._comic.panels[place.panel]
        alternative = clean(panel.caption) or clean(panel.title) or str(place.panel + 1)
        items: list[Item] = [
            Area(place.picture.grown(_FRAME), INK),
            Picture(panel.picture, place.picture, alternative),
            *self._beside(place),
        ]
        inside, free = self._inside(panel, place)
        if self._options.bubbles and panel.said:
            drawn, left_out = bubbles(panel.said, place.picture, Calm(panel.picture), free=free, manner=self._manner)
            items += drawn
            self._tell("comics.speech_cut", place.panel, left_out)
        return items + inside

    def _beside(self, place: Place) -> list[Item]:
        box = place.words
        if self._options.layout == "column":
            blocks = self._set(place.panel, (box.width, box.height), WIDE_CAPTION)
            taken = sum(block.height for block in blocks)
            y = box.y if self._options.vertical else box.y + (box.height - taken) / 2
            box = Box(box.x, y, box.width, box.height)
        else:
            blocks = self._set(place.panel, self._room(round(place.picture.width), round(place.picture.height)))
            if self._options.vertical:
                box = Box(box.x, box.y, box.width - _GAP, box.height)
            else:
                box = Box(box.x, box.y + _GAP, box.width, box.height)
        items: list[Item] = []
        y, right = box.y, box.right
        for block in blocks:
            place_of = Box(box.x, y, right - box.x, block.height)
            items += self._letters(block, place_of, "right" if block.vertical else "left", INK)
            self._tell("comics.caption_cut", place.panel, block.left_out)
            y, right = (y, right - block.width) if block.vertical else (y + block.height, right)
        return items

    def _inside(self, panel: ComicPanel, place: Place) -> tuple[list[Item], Box]:
        """A caption in a box at the foot of its picture, and what it leaves free."""
        picture = place.picture
        if self._options.captions != "inside" or not clean(panel.caption):
            return [], picture
        shares = (_INSIDE[1], _INSIDE[0]) if self._options.vertical else _INSIDE
        room = (picture.width * shares[0] - 2 * _GAP, picture.height * shares[1] - 2 * _GAP)
        block = set_text(panel.caption, room=room, sizes=CAPTION, manner=self._manner)
        self._tell("comics.caption_cut", place.panel, block.left_out)
        wide, high = block.width + 2 * _GAP, block.height + _GAP * (2 if block.vertical else 1)
        edge = _GAP * 0.8
        if block.vertical:
            box = Box(picture.x + edge, picture.bottom - edge - high, wide, high)
            free = Box(box.right, picture.y, picture.right - box.right, picture.height)
        else:
            box = Box(picture.x + edge, picture.bottom - edge - high, wide, high)
            free = Box(picture.x, picture.y, picture.width, box.y - picture.y)
        top = box.y + (box.height - block.height) / 2
        text = self._letters(block, Box(box.x + _GAP, top, block.width, block.height), "left", INK)
        return [Area(box.grown(_FRAME), INK), Area(box, _CAPTION_PAPER), *text], free

    def _letters(self, block: Block, box: Box, align: str, colour: str) -> Sequence[Item]:
        return letters(
            block,
            x=box.x,
            y=box.y,
            width=box.width,
            align=align,
            colour=colour,
        )

    def _tell(self, code: str, panel: int, left_out: int) -> None:
        if left_out:
            values = {"panel": panel + 1, "count": left_out}
            self.findings.append(Finding(code=code, state="warning", values=values))
