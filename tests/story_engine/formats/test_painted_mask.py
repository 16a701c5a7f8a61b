"""Masks from a page's brush: a see-through PNG of the picture's size, and nothing else."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from story_engine.errors import FixInput
from story_engine.formats.painted_mask import LARGEST_BYTES, read_mask


def png(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()


def test_painted_is_what_is_opaque_or_bright_where_nothing_is_see_through():
    brushed = Image.new("RGBA", (32, 16))
    brushed.paste((0, 0, 0, 255), (4, 4, 8, 8))
    plain = Image.new("L", (32, 16))
    plain.paste(255, (4, 4, 8, 8))

    for mask in (brushed, plain, plain.convert("RGB")):
        assert read_mask(png(mask), (32, 16)).point(lambda value: 255 * (value > 127)).getbbox() == (4, 4, 8, 8)


def test_what_is_no_mask_of_this_picture_is_refused():
    with pytest.raises(FixInput, match="32x32"):
        read_mask(png(Image.new("L", (32, 32))), (32, 16))
    for content in (b"", b"GIF89a", png(Image.new("L", (32, 16)))[:40], bytes(LARGEST_BYTES + 1)):
        with pytest.raises(FixInput, match="did not arrive"):
            read_mask(content, (32, 16))
