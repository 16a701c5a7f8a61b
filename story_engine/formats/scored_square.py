"""A picture with the square on it that is really scored: the rest is shown darker."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

from story_engine.domain.what_if import scored_square

_DIMMED = 0.35
_LINE = "#FFFFFF"
_QUALITY = 88


def with_scored_square(content: bytes) -> bytes | None:
    """A JPEG of the picture with its scored square; None where all of it is scored.

    Raises:
        OSError: it is no picture.
    """
    with Image.open(io.BytesIO(content)) as opened:
        picture = opened.convert("RGB")
    square = scored_square(*picture.size)
    if picture.width == picture.height:
        return None
    box = (square.left, square.top, square.left + square.side, square.top + square.side)
    shown = picture.point(lambda value: round(value * _DIMMED))
    shown.paste(picture.crop(box), box[:2])
    line = max(1, square.side // 150)
    ImageDraw.Draw(shown).rectangle((box[0], box[1], box[2] - 1, box[3] - 1), outline=_LINE, width=line)
    buffer = io.BytesIO()
    shown.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
