"""A grid of pictures with the names of its rows and columns, as one picture to keep, print or show around."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from story_engine.formats.lettering import font
from story_engine.formats.take_picture import rgb_picture

MOST_PIXELS = 40_000_000
"""Of the whole picture: what most programs and sites still open."""
LARGEST_CELL = 512
"""Pixels; full-size pictures of eight columns would make a file that nobody can send."""
_PAPER, _INK, _QUIET, _BLANK, _ACCENT = "#FBF9F6", "#2A2530", "#7C7480", "#F0EBE4", "#9A3B66"


@dataclass(frozen=True, slots=True, kw_only=True)
class GridCell:
    """One picture, or the place of one."""

    picture: Path | None
    note: str = ""
    """Under the picture: its score."""
    is_best: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledGrid:
    """What stands where, in words of the reader. Every text can be written with this machine's font."""

    title: str
    lines: tuple[str, ...]
    """Under the title: what all cells have in common."""
    x_name: str
    columns: tuple[str, ...]
    y_name: str
    rows: tuple[str, ...]
    """One per row; blank where there is one row only."""
    cells: tuple[tuple[GridCell, ...], ...]
    blank: str
    """In place of a picture that is not painted."""
    footer: str = ""


def labelled_grid(grid: LabelledGrid, *, shape: tuple[int, int]) -> Image.Image:
    """The grid as one RGB picture.

    Args:
        grid: texts and pictures.
        shape: width and height of the pictures; cells keep it, at most 512 pixels wide, smaller where there are many.

    Raises:
        ChooseAnother: a picture cannot be read.
    """
    width, height = _cell_size(shape, len(grid.columns), len(grid.rows))
    unit = max(11, width // 14)
    small, large = font(unit), font(round(unit * 1.5))
    gap = max(6, width // 24)
    note = round(unit * 1.7) if any(cell.note for row in grid.cells for cell in row) else 0
    side = max((_length(text, unit) for text in (*grid.rows, grid.y_name)), default=0)
    left = 3 * gap + (min(side, width) + gap if side else 0)
    head = 3 * gap + round(unit * 2.1) + len(grid.lines) * round(unit * 1.6)
    top = head + gap + round(unit * 1.6) * 2
    whole = (
        left + len(grid.columns) * (width + gap) + 2 * gap,
        top + len(grid.rows) * (height + note + gap) + gap + (round(unit * 1.9) if grid.footer else 0),
    )
    page = Image.new("RGB", whole, _PAPER)
    pen = ImageDraw.Draw(page)
    room = whole[0] - 6 * gap
    pen.text((3 * gap, 2 * gap), _fitted(grid.title, round(unit * 1.5), room), font=large, fill=_INK)
    for place, line in enumerate(grid.lines):
        where = (3 * gap, 2 * gap + round(unit * 2.2) + place * round(unit * 1.6))
        pen.text(where, _fitted(line, unit, room), font=small, fill=_QUIET)
    pen.text((left, head), _fitted(grid.x_name, unit, room), font=small, fill=_ACCENT)
    pen.text((3 * gap, head + round(unit * 1.6)), _fitted(grid.y_name, unit, width), font=small, fill=_ACCENT)
    for column, text in enumerate(grid.columns):
        middle = left + column * (width + gap) + width // 2
        pen.text((middle, head + round(unit * 1.6)), _fitted(text, unit, width), font=small, fill=_INK, anchor="ma")
    for row, cells in enumerate(grid.cells):
        y = top + row * (height + note + gap)
        pen.text((3 * gap, y + height // 2), _fitted(grid.rows[row], unit, width), font=small, fill=_INK, anchor="lm")
        for column, cell in enumerate(cells):
            _draw_cell(page, pen, cell, (left + column * (width + gap), y, width, height), unit, grid.blank)
    if grid.footer:
        pen.text((3 * gap, whole[1] - round(unit * 2.2)), _fitted(grid.footer, unit, room), font=small, fill=_QUIET)
    return page


def as_png(picture: Image.Image, texts: dict[str, str]) -> bytes:
    """The picture as a PNG file that says about itself what `texts` say, keyword → text."""
    from PIL.PngImagePlugin import PngInfo

    chunks = PngInfo()
    for keyword, text in texts.items():
        chunks.add_itxt(keyword, text)
    file = io.BytesIO()
    picture.save(file, "PNG", pnginfo=chunks, compress_level=4)
    return file.getvalue()


def _cell_size(shape: tuple[int, int], columns: int, rows: int) -> tuple[int, int]:
    width = min(LARGEST_CELL, shape[0])
    ratio = shape[1] / shape[0]
    most = math.sqrt(MOST_PIXELS / (columns + 1) / (rows + 1) / (ratio + 0.2))
    width = max(48, min(width, int(most)))
    return width, round(width * ratio)


def _draw_cell(
    page: Image.Image, pen: ImageDraw.ImageDraw, cell: GridCell, box: tuple[int, int, int, int], unit: int, blank: str
) -> None:
    x, y, width, height = box
    small = font(unit)
    if cell.picture is None:
        pen.rectangle((x, y, x + width - 1, y + height - 1), fill=_BLANK)
        middle = (x + width // 2, y + height // 2)
        pen.text(middle, _fitted(blank, unit, width), font=small, fill=_QUIET, anchor="mm")
        return
    page.paste(rgb_picture(cell.picture).resize((width, height), Image.Resampling.LANCZOS), (x, y))
    if cell.is_best:
        line = max(3, width // 64)
        pen.rectangle((x - line, y - line, x + width + line - 1, y + height + line - 1), outline=_ACCENT, width=line)
    start = x
    if cell.is_best:
        _draw_star(pen, (x + unit * 0.55, y + height + unit * 1.02), unit * 0.52)
        start += round(unit * 1.4)
    fill = _ACCENT if cell.is_best else _QUIET
    pen.text((start, y + height + round(unit * 0.25)), cell.note, font=small, fill=fill)


def _draw_star(pen: ImageDraw.ImageDraw, middle: tuple[float, float], radius: float) -> None:
    """Drawn, since few fonts have one."""
    points = []
    for corner in range(10):
        reach = radius if corner % 2 == 0 else radius * 0.42
        angle = math.pi * (corner / 5 - 0.5)
        points.append((middle[0] + reach * math.cos(angle), middle[1] + reach * math.sin(angle)))
    pen.polygon(points, fill=_ACCENT)


def _fitted(text: str, size: int, room: float) -> str:
    """The text, cut where it would run out of its place."""
    text = " ".join(text.split())
    if _length(text, size) <= room:
        return text
    while text and _length(text + "…", size) > room:
        text = text[:-1]
    return text + "…"


def _length(text: str, size: int) -> int:
    return math.ceil(font(size).getlength(text))


def texts_of(grid: LabelledGrid) -> Sequence[str]:
    """Every text of the grid."""
    return (grid.title, *grid.lines, grid.x_name, *grid.columns, grid.y_name, *grid.rows, grid.blank, grid.footer)
