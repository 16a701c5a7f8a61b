"""Contact sheets: what the eye checks a judge's figures with."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image

_WRONG = (220, 30, 30)


def contact_sheet(
    pictures: Sequence[Image.Image], is_right: Sequence[bool], *, side: int = 132, columns: int = 12
) -> Image.Image:
    """Square pictures in rows; a red frame around each that is judged wrong.

    Args:
        pictures: of any size.
        is_right: one answer for each picture.
        side: of a picture with its frame, in pixels.
        columns: pictures in a row.
    """
    sheet = Image.new("RGB", (columns * side, math.ceil(len(pictures) / columns) * side), (255, 255, 255))
    for index, (picture, right) in enumerate(zip(pictures, is_right, strict=True)):
        frame = Image.new("RGB", (side - 2, side - 2), (255, 255, 255) if right else _WRONG)
        frame.paste(picture.resize((side - 8, side - 8), Image.Resampling.BOX), (3, 3))
        sheet.paste(frame, (index % columns * side, index // columns * side))
    return sheet
