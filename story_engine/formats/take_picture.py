"""A take's picture, read to be shown or printed."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from story_engine.errors import ChooseAnother


def rgb_picture(path: Path) -> Image.Image:
    """The picture, 8 bits RGB.

    Raises:
        ChooseAnother: it cannot be read.
    """
    try:
        with Image.open(path) as opened:
            return opened.convert("RGB")
    except OSError as error:
        raise ChooseAnother("takes.damaged", name=path.name) from error
