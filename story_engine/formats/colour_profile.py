"""Colours as sRGB: what an embedded ICC profile says of a picture, applied to it.

Trainers and models take numbers for sRGB, whatever a profile beside them says: a Display P3 or Adobe RGB photo would be
learnt too grey.
"""

from __future__ import annotations

import io
from itertools import product

import numpy as np
from PIL import Image, ImageCms

SAME_LEVELS = 2
"""Of 255: a profile whose colours differ from sRGB by no more is sRGB under another name."""
_BASES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
"""Colour space of a profile → Pillow's mode for the numbers that it is about."""
_STEPS = (0, 32, 64, 96, 128, 160, 192, 224, 255)


class UnreadableProfile(Exception):
    """The profile is damaged, or is about another kind of picture; it cannot be applied."""


def as_srgb(picture: Image.Image, profile: bytes) -> tuple[Image.Image, bool]:
    """The picture in sRGB, and whether that changed it.

    Args:
        picture: 8 bits per channel: L, LA, RGB, RGBA or CMYK.
        profile: the ICC profile that came with it.

    Returns:
        RGB or RGBA where it was changed; else the picture itself.

    Raises:
        UnreadableProfile: as its name says.
    """
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        base = _BASES[source.profile.xcolor_space.strip()]
        if (base == "CMYK") != (picture.mode == "CMYK") or (base == "L" and picture.mode not in ("L", "LA")):
            raise UnreadableProfile(f"a profile for {base} in a picture of mode {picture.mode}")
        transform = ImageCms.buildTransform(
            source,
            ImageCms.createProfile("sRGB"),
            base,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        if base != "CMYK" and _is_srgb(transform, base):
            return picture, False
        changed = ImageCms.applyTransform(picture.convert(base), transform)
    except (ImageCms.PyCMSError, OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableProfile(str(error)[:120]) from error
    if changed is None:
        raise UnreadableProfile("no picture came of it")
    if "A" in picture.getbands():
        changed.putalpha(picture.getchannel("A"))
    return changed, True


def _is_srgb(transform: ImageCms.ImageCmsTransform, base: str) -> bool:
    colours = list(product(_STEPS, repeat=3)) if base == "RGB" else [(step,) for step in _STEPS]
    probe = Image.fromarray(np.array([colours], dtype=np.uint8).squeeze(2 if base == "L" else ()), base)
    seen = ImageCms.applyTransform(probe, transform)
    if seen is None:
        return False
    difference = np.asarray(seen, dtype=int) - np.asarray(probe.convert("RGB"), dtype=int)
    return bool(np.abs(difference).max() <= SAME_LEVELS)
