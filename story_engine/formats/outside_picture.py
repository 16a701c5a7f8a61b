"""Pictures of unknown origin, made into upright 8-bit RGB ones, or refused by name with the reason.

Runs in a process of its own (`jobs/imports/picture_child.py`): what a decoder does with a hostile file is nobody's to
promise.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, UnidentifiedImageError

from story_engine.errors import FixInput
from story_engine.formats.colour_profile import UnreadableProfile, as_srgb
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
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation → what makes it upright."""
STILL = frozenset({"JPEG", "MPO", "PSD", "ICO"})
"""Kinds whose further pictures are small ones, other views or layers of the first."""
MOST_COUNTED_FRAMES = 100
HARMS = (
    OSError,
    ValueError,
    SyntaxError,
    TypeError,
    LookupError,
    EOFError,
    ArithmeticError,
    RuntimeError,
    struct.error,
    zlib.error,
    AttributeError,
)
"""What Pillow's readers raise for damaged files; the process around this one is ready for worse."""
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
    notes: tuple[str, ...] = ()
    """What is odd about the file without harming the picture: "metadata" or "profile", which cannot be read."""


def read_picture(content: bytes, name: str) -> ReadPicture:
    """Decode one file; content decides what it is, never its name.

    What Pillow opens with a warning is opened, since its warnings are about what surrounds a picture: damaged metadata,
    an index of further pictures that is wrong. What it warns of as half of a bomb is refused.

    Raises:
        FixInput: too large in bytes or pixels, damaged, cut off, animated, or of a kind that is not read.
    """
    if len(content) > LARGEST_BYTES:
        raise FixInput("dataset.picture_bytes", name=name, size=len(content), limit=LARGEST_BYTES)
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            read = _decoded(content, name)
    except FixInput:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise FixInput("dataset.picture_pixels_unknown", name=name, megapixels=MOST_PIXELS // 10**6) from error
    except UnidentifiedImageError as error:
        if kind := unread_kind(content, name):
            raise FixInput("dataset.picture_kind", name=name, kind=kind) from error
        raise FixInput("dataset.picture_unknown", name=name) from error
    except MemoryError as error:
        raise FixInput("dataset.picture_memory", name=name) from error
    except HARMS as error:
        reason = str(error)[:120] or type(error).__name__
        raise FixInput("dataset.picture_damaged", name=name, reason=reason) from error
    is_odd = any(issubclass(each.category, UserWarning | RuntimeWarning) for each in warned)
    return replace(read, notes=tuple(dict.fromkeys((*read.notes, *(["metadata"] if is_odd else [])))))


def _decoded(content: bytes, name: str) -> ReadPicture:
    with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
        width, height = opened.size
        if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
            limits = {"megapixels": MOST_PIXELS // 10**6, "longest": LONGEST_SIDE}
            raise FixInput("dataset.picture_pixels", name=name, width=width, height=height, **limits)
        if min(width, height) < SMALLEST_SIDE:
            raise FixInput("dataset.picture_tiny", name=name, width=width, height=height, least=SMALLEST_SIDE)
        is_jpeg = opened.format in ("JPEG", "MPO")
        if opened.format not in STILL and (frames := _frames(content)) > 1:
            shown = f"{frames}+" if frames == MOST_COUNTED_FRAMES else str(frames)
            raise FixInput("dataset.picture_animated", name=name, frames=shown)
        asked, notes = _turn(opened)
        opened.load()
        turn = _turn(opened)[0]  # none any more for a TIFF, which Pillow turns by itself
        upright = opened.copy() if turn is None else opened.transpose(turn)
        upright.info = dict(opened.info)
        picture, how = _as_rgb(upright, name, notes)
    # What is written next holds sRGB: neither a profile nor anything else of the file's belongs to it.
    picture.info = {}
    changed = [*(["rotated"] if asked is not None else []), *how]
    return ReadPicture(picture, ".jpg" if is_jpeg else ".png", tuple(changed), tuple(notes))


def _frames(content: bytes) -> int:
    """How many pictures the file holds, counted up to MOST_COUNTED_FRAMES: a file may claim hundreds of thousands."""
    with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
        for frame in range(1, MOST_COUNTED_FRAMES):
            try:
                opened.seek(frame)
            except (EOFError, *HARMS):  # further pictures that are damaged are none
                return frame
    return MOST_COUNTED_FRAMES


def _turn(opened: Image.Image) -> tuple[Image.Transpose | None, list[str]]:
    try:
        return TURNS.get(opened.getexif().get(_ORIENTATION, 1)), []
    except HARMS:
        return None, ["metadata"]


def _as_srgb(picture: Image.Image, profile: object, notes: list[str]) -> tuple[Image.Image, list[str]]:
    if not isinstance(profile, bytes) or not profile:
        return picture, []
    try:
        converted, is_changed = as_srgb(picture, profile)
    except UnreadableProfile:
        notes.append("profile")
        return picture, []
    return converted, ["profile"] if is_changed else []


def _as_rgb(picture: Image.Image, name: str, notes: list[str]) -> tuple[Image.Image, list[str]]:
    mode, profile = picture.mode, picture.info.get("icc_profile")
    if mode in _SIXTEEN_BIT or mode == "I":
        values = np.asarray(picture)
        if values.min() < 0 or values.max() > 0xFFFF:
            raise FixInput("dataset.picture_mode", name=name, mode=mode)
        # Pillow would cut everything above 255 off: a white picture.
        grey = Image.fromarray((values.astype(np.uint32) >> 8).astype(np.uint8), "L")
        converted, how = _as_srgb(grey, profile, notes)
        return converted.convert("RGB"), ["16-bit", *how]
    if mode in ("F", "LAB", "HSV"):
        raise FixInput("dataset.picture_mode", name=name, mode=mode)
    named = {"P": ["palette"], "PA": ["palette"], "L": ["grey"], "1": ["grey"], "LA": ["grey"], "CMYK": ["cmyk"]}
    changed = list(named.get(mode, []))
    if "transparency" in picture.info or mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        see_through = picture.convert("LA" if mode == "LA" else "RGBA")
        if see_through.getchannel("A").getextrema() != (255, 255):
            changed.append("transparent")
        converted, how = _as_srgb(see_through, profile, notes)
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, converted.convert("RGBA")).convert("RGB"), [*changed, *how]
    plain = picture if mode in ("L", "RGB", "CMYK") else picture.convert("L" if mode == "1" else "RGB")
    converted, how = _as_srgb(plain, profile, notes)
    return converted.convert("RGB"), [*changed, *how]
