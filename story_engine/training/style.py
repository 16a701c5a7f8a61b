"""How near pictures are to a style, in figures that need no network: palette, contrast, outlines, texture.

Each picture becomes some fifty numbers; a set of pictures is their mean. The distance of a set to the style is how far
its mean lies from the style's, each number in units of how much it varies within the style. It says nothing about what
the pictures show, on purpose; and a few pictures give a rough answer only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SIDE = 128
"""Pixels at which pictures are looked at: outlines are still there, single pixels do not count."""
_BINS = 8
_SCALES = 4
_LEAST_SPREAD = 0.02
"""What does not vary within the style at all still has this unit: half a shade of a histogram's bin."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Style:
    """What a set of pictures has in common."""

    mean: Numbers
    spread: Numbers

    @classmethod
    def of(cls, pictures: Iterable[Image.Image]) -> Style:
        """The style of pictures; needs at least one."""
        rows = np.stack([style_numbers(picture) for picture in pictures])
        return cls(rows.mean(axis=0), np.maximum(rows.std(axis=0), _LEAST_SPREAD))

    def distance(self, pictures: Iterable[Image.Image]) -> float:
        """How far these pictures' mean lies from the style; about 0 for the style's own, 1 and more for another."""
        mean = np.stack([style_numbers(picture) for picture in pictures]).mean(axis=0)
        return float(np.sqrt((((mean - self.mean) / self.spread) ** 2).mean()))


def style_numbers(picture: Image.Image) -> Numbers:
    """The figures of one picture: brightness and colour histograms, their spread, outlines, texture by scale."""
    small = picture.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BOX)
    planes = np.asarray(small.convert("YCbCr"), dtype=np.float64) / 255
    colours = np.asarray(small.convert("HSV"), dtype=np.float64) / 255
    light = planes[..., 0]
    numbers = [
        *(share for plane in range(3) for share in _histogram(planes[..., plane])),
        *_histogram(colours[..., 1]),
        *planes.mean(axis=(0, 1)),
        *planes.std(axis=(0, 1)),
        colours[..., 1].mean(),
    ]
    down, across = np.gradient(light)
    steepness = np.hypot(down, across)
    numbers += [*_histogram(np.minimum(steepness * 8, 1)), float((steepness < 0.004).mean())]
    for _ in range(_SCALES):
        half = light.reshape(light.shape[0] // 2, 2, light.shape[1] // 2, 2).mean(axis=(1, 3))
        numbers.append(float(np.abs(light - half.repeat(2, axis=0).repeat(2, axis=1)).mean() * 4))
        light = half
    return np.array(numbers, dtype=np.float64)


def _histogram(values: Numbers) -> Numbers:
    counts, _ = np.histogram(values, bins=_BINS, range=(0.0, 1.0))
    return counts / values.size
