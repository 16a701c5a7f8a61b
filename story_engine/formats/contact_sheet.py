"""The contact sheet: all chosen panels as one picture, laid out as the challenge's notebook does it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from story_engine.errors import FixInput

SHEET_WIDTH = 1024
"""Pixels; two columns of 512, so eight square panels make 1024 × 2048."""
COLUMNS = 2
_JPEG_QUALITY = 92


def contact_sheet(pictures: Sequence[Path]) -> Image.Image:
    """The pictures in reading order, two columns, each cell as wide as half the sheet and shaped as the first picture.

    Source of the layout: the challenge's notebook, which stacks four rows of two and resizes to (1024, 2048).

    Raises:
        FixInput: there are no pictures.
    """
    if not pictures:
        raise FixInput("submit.no_pictures")
    images = []
    for path in pictures:
        with Image.open(path) as opened:
            images.append(opened.convert("RGB"))
    cell_width = SHEET_WIDTH // COLUMNS
    cell_height = round(cell_width * images[0].height / images[0].width)
    rows = -(-len(images) // COLUMNS)
    sheet = Image.new("RGB", (SHEET_WIDTH, rows * cell_height), "white")
    for index, image in enumerate(images):
        cell = image.resize((cell_width, cell_height), Image.Resampling.LANCZOS)
        sheet.paste(cell, (index % COLUMNS * cell_width, index // COLUMNS * cell_height))
    return sheet


def as_jpeg(image: Image.Image) -> bytes:
    """The picture as a JPEG file."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    return file.getvalue()
