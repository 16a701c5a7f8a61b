"""Pages as a PDF file: pictures as pictures, words as words that can be selected and searched."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PIL import Image

from story_engine.formats.comic.drawing import DPI, Area, Letters, Page, Picture, Shape
from story_engine.formats.lettering import file_of
from story_engine.formats.take_picture import rgb_picture

if TYPE_CHECKING:
    from fpdf import FPDF

_JPEG_QUALITY = 92
_FIXED_DATE = datetime(2024, 1, 1, tzinfo=UTC)
"""The same pages make the same file, byte for byte."""
_POINTS_PER_PIXEL = 72 / DPI


def comic_pdf(pages: Sequence[Page], *, title: str) -> bytes:
    """One file of all pages, as large on paper as they are.

    Raises:
        ChooseAnother: a panel's picture cannot be read.
    """
    from fpdf import FPDF  # takes a third of a second to come, which no other command waits for

    document = FPDF(unit=_POINTS_PER_PIXEL)
    document.set_auto_page_break(False)
    document.set_margin(0)
    document.set_creation_date(_FIXED_DATE)
    document.set_title(title)
    document.set_creator("Story Studio")
    faces = sorted({item.face for page in pages for item in page.items if isinstance(item, Letters)})
    for number, face in enumerate(faces):
        document.add_font(f"face{number}", fname=file_of(face))
    families = {face: f"face{number}" for number, face in enumerate(faces)}
    for page in pages:
        document.add_page(format=(page.width, page.height))
        for item in page.items:
            if isinstance(item, Letters):
                _letters(document, item, families[item.face])
            elif isinstance(item, Picture):
                box = item.box
                document.image(_jpeg(item), box.x, box.y, box.width, box.height, alt_text=item.alternative)
            elif isinstance(item, Shape):
                document.set_fill_color(item.fill)
                document.polygon(list(item.points), style="F")
            else:
                _area(document, item)
    return bytes(document.output())


def _area(document: FPDF, item: Area) -> None:
    box = item.box
    document.set_fill_color(item.fill)
    rounded = item.radius > 0
    document.rect(box.x, box.y, box.width, box.height, style="F", round_corners=rounded, corner_radius=item.radius)


def _letters(document: FPDF, item: Letters, family: str) -> None:
    document.set_font(family, size=item.size * _POINTS_PER_PIXEL)
    document.set_text_color(item.colour)
    if item.turned:
        with document.rotation(-90, item.x, item.y):
            document.text(item.x, item.y, item.text)
    else:
        document.text(item.x, item.y, item.text)


def _jpeg(item: Picture) -> io.BytesIO:
    """No finer than it is printed."""
    size = (max(1, round(item.box.width)), max(1, round(item.box.height)))
    picture = rgb_picture(item.path)
    if picture.width > size[0]:
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    file.seek(0)
    return file
