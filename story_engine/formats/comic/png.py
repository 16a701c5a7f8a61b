"""A page as a picture."""

from __future__ import annotations

import io
from collections.abc import Callable
from math import ceil, floor

from PIL import Image, ImageDraw

from story_engine.formats.comic.drawing import DPI, Area, Item, Letters, Page, Picture, Shape
from story_engine.formats.lettering import font
from story_engine.formats.take_picture import rgb_picture

_FINER = 4
"""Times as fine, for edges without steps."""


def page_image(page: Page) -> Image.Image:
    """The page, RGB, one pixel per unit.

    Raises:
        ChooseAnother: a panel's picture cannot be read.
    """
    image = Image.new("RGB", (page.width, page.height), "white")
    for item in page.items:
        _draw(image, item)
    return image


def page_png(page: Page) -> bytes:
    """The page as a PNG file that knows its size on paper."""
    file = io.BytesIO()
    page_image(page).save(file, "PNG", dpi=(DPI, DPI), compress_level=6)
    return file.getvalue()


def _draw(image: Image.Image, item: Item) -> None:
    if isinstance(item, Picture):
        _picture(image, item)
    elif isinstance(item, Letters):
        _letters(image, item)
    elif isinstance(item, Shape):
        xs, ys = zip(*item.points, strict=True)
        _finely(
            image, (min(xs), min(ys), max(xs), max(ys)), item.fill, lambda pen, at: pen.polygon(at(item.points), 255)
        )
    else:
        _area(image, item)


def _picture(image: Image.Image, item: Picture) -> None:
    box = item.box
    left, top = round(box.x), round(box.y)
    size = (max(1, round(box.right) - left), max(1, round(box.bottom) - top))
    image.paste(rgb_picture(item.path).resize(size, Image.Resampling.LANCZOS), (left, top))


def _area(image: Image.Image, item: Area) -> None:
    box = item.box
    if not item.radius:
        edges = (round(box.x), round(box.y), round(box.right) - 1, round(box.bottom) - 1)
        ImageDraw.Draw(image).rectangle(edges, fill=item.fill)
        return
    corners = ((box.x, box.y), (box.right, box.bottom))
    radius = item.radius * _FINER
    _finely(
        image,
        (box.x, box.y, box.right, box.bottom),
        item.fill,
        lambda pen, at: pen.rounded_rectangle(at(corners), radius, fill=255),
    )


Points = tuple[tuple[float, float], ...]


def _finely(
    image: Image.Image,
    edges: tuple[float, float, float, float],
    fill: str,
    draw: Callable[[ImageDraw.ImageDraw, Callable[[Points], list[tuple[float, float]]]], None],
) -> None:
    left, top = floor(edges[0]) - 1, floor(edges[1]) - 1
    width, height = ceil(edges[2]) + 1 - left, ceil(edges[3]) + 1 - top
    mask = Image.new("L", (width * _FINER, height * _FINER))
    draw(ImageDraw.Draw(mask), lambda points: [((x - left) * _FINER, (y - top) * _FINER) for x, y in points])
    mask = mask.resize((width, height), Image.Resampling.BOX)
    image.paste(fill, (left, top), mask)


def _letters(image: Image.Image, item: Letters) -> None:
    letters = font(item.size, item.face)
    if not item.turned:
        ImageDraw.Draw(image).text((item.x, item.y), item.text, font=letters, fill=item.colour, anchor="ls")
        return
    left, top, right, bottom = letters.getbbox(item.text, anchor="ls")
    mask = Image.new("L", (ceil(right - left) + 2, ceil(bottom - top) + 2))
    ImageDraw.Draw(mask).text((1 - left, 1 - top), item.text, font=letters, fill=255, anchor="ls")
    turned = mask.transpose(Image.Transpose.ROTATE_270)
    # A quarter to the right brings the line's top to the right: what was above the baseline lies right of it now.
    image.paste(item.colour, (round(item.x - bottom - 1), round(item.y + left - 1)), turned)
