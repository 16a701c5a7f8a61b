"""The contact sheet: all chosen panels as one picture, laid out as the challenge's notebook does it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from story_engine.errors import FixInput
from story_engine.formats.take_picture import rgb_picture

CELL_WIDTH = 512
"""Pixels; eight square panels in two columns make 1024 × 2048."""
COLUMNS = {"2x4": 2, "4x2": 4}
"""Layout → columns; a strip has one for each panel."""
LONGEST_SIDE = 8192
"""Pixels; what browsers and picture viewers still show."""
_JPEG_QUALITY = 92


def contact_sheet(pictures: Sequence[Path], layout: str = "2x4") -> Image.Image:
    """The pictures in reading order, each cell shaped as the first picture.

    Source of the layout "2x4": the challenge's notebook, which stacks four rows of two and resizes to (1024, 2048).

    Args:
        pictures: files, which are only read.
        layout: one of `domain.comic.SHEETS`.

    Raises:
        FixInput: there are no pictures.
        ChooseAnother: one of them cannot be read.
    """
    if not pictures:
        raise FixInput("submit.no_pictures")
    columns = COLUMNS.get(layout, len(pictures))
    rows = -(-len(pictures) // columns)
    sheet: Image.Image | None = None
    for index, path in enumerate(pictures):
        picture = rgb_picture(path)
        if sheet is None:
            shape = picture.height / picture.width
            width = min(CELL_WIDTH, LONGEST_SIDE // columns, max(1, int(LONGEST_SIDE / rows / shape)))
            height = max(1, round(width * shape))
            sheet = Image.new("RGB", (columns * width, rows * height), "white")
        cell = picture.resize((width, height), Image.Resampling.LANCZOS)
        sheet.paste(cell, (index % columns * width, index // columns * height))
    assert sheet is not None
    return sheet


def as_jpeg(image: Image.Image) -> bytes:
    """The picture as a JPEG file."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    return file.getvalue()
