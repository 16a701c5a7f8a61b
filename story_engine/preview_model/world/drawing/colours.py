"""The colour words of the world as paint: a range each, narrow enough to be recognised."""

from __future__ import annotations

import colorsys
import random

from story_engine.preview_model.world.drawing.canvas import RGB

CUT_PAPERS: tuple[RGB, ...] = (
    (252, 244, 226),
    (246, 214, 160),
    (240, 168, 118),
    (222, 84, 62),
    (166, 36, 44),
    (92, 26, 44),
    (44, 40, 78),
    (92, 130, 168),
    (98, 148, 120),
    (172, 196, 196),
    (226, 152, 160),
    (120, 84, 62),
    (72, 138, 222),
    (160, 208, 236),
    (112, 76, 146),
    (244, 190, 72),
)
"""Sheets that papercut drawings are cut from."""
_RANGES: dict[str, tuple[float, float, float, float]] = {
    # hue in degrees, spread of the hue, saturation, value
    "orange": (27, 4, 0.78, 0.97),
    "red": (357, 4, 0.78, 0.86),
    "yellow": (49, 3, 0.72, 0.98),
    "green": (128, 12, 0.58, 0.70),
    "blue": (214, 8, 0.66, 0.90),
    "purple": (274, 7, 0.50, 0.80),
    "pink": (338, 6, 0.38, 0.98),
    "white": (40, 10, 0.03, 0.97),
    "black": (250, 10, 0.16, 0.28),
    "grey": (215, 10, 0.07, 0.66),
    "brown": (24, 4, 0.55, 0.60),
    "blond": (45, 3, 0.55, 0.96),
}
_HAIR_RANGES: dict[str, tuple[float, float, float, float]] = {
    "purple": (272, 6, 0.55, 0.74),
    "black": (245, 10, 0.22, 0.24),
    "brown": (22, 4, 0.60, 0.50),
    "red": (6, 4, 0.78, 0.72),
    "blue": (216, 7, 0.68, 0.78),
    "white": (220, 10, 0.05, 0.95),
    "pink": (336, 5, 0.45, 0.95),
}


def colour_of(name: str, rng: random.Random) -> RGB:
    """A shade of the named main colour."""
    return _shade_within(_RANGES[name], rng)


def hair_colour_of(name: str, rng: random.Random) -> RGB:
    """A shade of the named hair colour."""
    return _shade_within(_HAIR_RANGES.get(name) or _RANGES[name], rng)


def mixed(first: RGB, second: RGB, share: float) -> RGB:
    """`share` (0 to 1) of the second colour in the first."""
    keep = 1 - share
    return (
        round(first[0] * keep + second[0] * share),
        round(first[1] * keep + second[1] * share),
        round(first[2] * keep + second[2] * share),
    )


def darker(colour: RGB, share: float = 0.22) -> RGB:
    """The colour in a warm shadow."""
    return mixed(colour, (40, 18, 50), share)


def lighter(colour: RGB, share: float = 0.35) -> RGB:
    """The colour in the light."""
    return mixed(colour, (255, 252, 244), share)


def is_dark(colour: RGB) -> bool:
    """Whether dark ink would be lost on this colour."""
    return 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2] < 95


def _shade_within(span: tuple[float, float, float, float], rng: random.Random) -> RGB:
    hue, spread, saturation, value = span
    hue += rng.uniform(-spread, spread)
    saturation *= rng.uniform(0.92, 1.08)
    value = min(1.0, value * rng.uniform(0.97, 1.03))
    red, green, blue = colorsys.hsv_to_rgb(hue % 360 / 360, min(1.0, saturation), value)
    return round(red * 255), round(green * 255), round(blue * 255)
