"""Pictures of unknown origin, made into upright 8-bit RGB ones, or refused by name with the reason.

Runs in a process of its own (`jobs/imports/picture_child.py`): what a decoder does with a hostile file is nobody's to
promise.
"""

from __future__ import annotations

import io
import struct
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from story_engine.errors import FixInput
from story_engine.formats.picture_files import unread_kind

FORMATS = (
    "PNG",
    "JPEG",
    "WEBP",
    "BMP",
    "DIB",
    "TIFF",
    "AVIF",
    "GIF",
    "JPEG2000",
    "PPM",
    "QOI",
    "PSD",
    "ICO",
    "PCX",
    "SGI",
    "DDS",
    "TGA",
)
"""What Pillow decodes itself. Pillow opens MPO, which many phones write under the name of JPEG, as JPEG."""
MOST_PIXELS = 40_000_000
LONGEST_SIDE = 30_000
"""Pixels. A picture longer than that is a mistake or an attack, whatever its area."""
LARGEST_BYTES = 50_000_000
SMALLEST_SIDE = 16
"""Pixels: two latent cells."""
JPEG_QUALITY = 95
_ORIENTATION = 0x0112
_SIXTEEN_BIT = frozenset({"I;16", "I;16B", "I;16L", "I;16N"})


@dataclass(frozen=True, slots=True)
class ReadPicture:
    """A picture from outside, decoded."""

    picture: Image.Image
    """8-bit RGB, upright."""
    ending: str
    """`.jpg` for what came as a JPEG, else `.png`."""
    changed: tuple[str, ...]
    """What was done to it; empty when the file as it came shows the same picture."""


def read_picture(content: bytes, name: str) -> ReadPicture:
    """Decode one file; content decides what it is, never its name.

    Raises:
        FixInput: too large in bytes or pixels, damaged, cut off, animated, or of a kind that is not read.
    """
    if len(content) > LARGEST_BYTES:
        raise FixInput("dataset.picture_bytes", name=name, size=len(content), limit=LARGEST_BYTES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow only warns of what is half of a bomb, or half of a file
            return _decoded(content, name)
    except FixInput:
        raise
    except Image.DecompressionBombError as error:
        raise FixInput("dataset.picture_pixels_unknown", name=name, megapixels=MOST_PIXELS // 10**6) from error
    except Image.DecompressionBombWarning as error:
        raise FixInput("dataset.picture_pixels_unknown", name=name, megapixels=MOST_PIXELS // 10**6) from error
    except UnidentifiedImageError as error:
        if kind := unread_kind(content, name):
            raise FixInput("dataset.picture_kind", name=name, kind=kind) from error
        raise FixInput("dataset.picture_unknown", name=name) from error
    except (OSError, ValueError, SyntaxError, TypeError, IndexError, KeyError, EOFError, OverflowError, Warning,
            struct.error, MemoryError, AttributeError) as error:  # fmt: skip
        # What Pillow's readers raise for damaged files; the process around this one is ready for worse.
        reason = str(error)[:120] or type(error).__name__
        raise FixInput("dataset.picture_damaged", name=name, reason=reason) from error


def _decoded(content: bytes, name: str) -> ReadPicture:
    with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
        width, height = opened.size
        if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
            raise FixInput(
                "dataset.picture_pixels", name=name, width=width, height=height, megapixels=MOST_PIXELS // 10**6,
                longest=LONGEST_SIDE,
            )  # fmt: skip
        if min(width, height) < SMALLEST_SIDE:
            raise FixInput("dataset.picture_tiny", name=name, width=width, height=height, least=SMALLEST_SIDE)
        frames = int(getattr(opened, "n_frames", 1))
        is_jpeg = opened.format in ("JPEG", "MPO")
        if frames > 1 and not is_jpeg and opened.format != "PSD":  # its layers; what is read is all of them together
            raise FixInput("dataset.picture_animated", name=name, frames=frames)
        opened.load()
        changed = ["rotated"] if opened.getexif().get(_ORIENTATION, 1) not in (0, 1) else []
        upright = ImageOps.exif_transpose(opened)
        picture, how = _as_rgb(upright, name)
    changed += how
    return ReadPicture(picture, ".jpg" if is_jpeg else ".png", tuple(changed))


def _as_rgb(picture: Image.Image, name: str) -> tuple[Image.Image, list[str]]:
    mode = picture.mode
    if mode == "RGB" and "transparency" not in picture.info:
        return picture.copy(), []
    if mode in _SIXTEEN_BIT or mode == "I":
        values = np.asarray(picture)
        if values.min() < 0 or values.max() > 0xFFFF:
            raise FixInput("dataset.picture_mode", name=name, mode=mode)
        # Pillow would cut everything above 255 off: a white picture.
        return Image.fromarray((values.astype(np.uint32) >> 8).astype(np.uint8), "L").convert("RGB"), ["16-bit"]
    if mode in ("F", "LAB", "HSV"):
        raise FixInput("dataset.picture_mode", name=name, mode=mode)
    if mode == "CMYK":
        return picture.convert("RGB"), ["cmyk"]
    named = {"P": ["palette"], "PA": ["palette"], "L": ["grey"], "1": ["grey"], "LA": ["grey"]}.get(mode, [])
    if "transparency" in picture.info or mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        see_through = picture.convert("RGBA")
        if see_through.getchannel("A").getextrema() == (255, 255):
            return see_through.convert("RGB"), named
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, see_through).convert("RGB"), [*named, "transparent"]
    return picture.convert("RGB"), named
