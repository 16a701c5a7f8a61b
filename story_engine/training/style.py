"""How near pictures are to a style, in figures that need no network: paper, palette, outlines, texture.

Each picture becomes 65 numbers. What they say of the subject must not count as style: a panda is black and white
in any style. So a number counts by how little it varies among the style's own pictures, which show many things, and
numbers that vary together there count once (Mahalanobis' distance). A few pictures still give a rough answer only, and
a style that hardly differs from the base's own, such as cut paper from flat drawings, gives the roughest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SIDE = 128
"""Pixels at which pictures are looked at: outlines are still there, single pixels do not count."""
_RIM = 6
"""Of these pixels, how many are the rim: paper shows there, and vignettes."""
_SCALES = 4
"""Sizes at which outlines are looked at, each half of the one before."""
_LIGHT = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)
_COLOUR = (0.25, 0.5, 0.75, 0.95)
_STEEPNESS = (0.25, 0.5, 0.75, 0.9, 0.97)
_LINES = (0.03, 0.97)
_LEAST_SPREAD = 0.2
"""Least unit of a number, as a share of how much it varies over training pictures and the base's: without it, a paper
that is the same in all pictures would be all of the style."""
_OWN_UNIT = 0.3
"""Share of the numbers' covariance that is taken as if they had nothing to do with each other: two dozen pictures do
not tell how 65 numbers belong together."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Style:
    """What a set of pictures has in common, and how it differs from the base's."""

    mean: Numbers
    weight: Numbers
    """(numbers, numbers): inverse of the covariance among the style's own pictures."""
    base: Numbers
    """Mean of the pictures without the style."""
    contrast: float
    """How far the base's pictures lie from the style, where as many of the style's own lie about 1 from it."""

    @classmethod
    def of(cls, own: Numbers, base: Numbers) -> Style:
        """The style of pictures, as `numbers_of` has them.

        Args:
            own: (pictures, numbers), at least one.
            base: (pictures, numbers) of pictures without the style.
        """
        mean, spread = own.mean(axis=0), np.concatenate([own, base]).std(axis=0)
        unit = np.sqrt(own.var(axis=0) + (_LEAST_SPREAD * spread) ** 2 + 1e-12)
        parts = (own - mean) / unit
        covariance = parts.T @ parts / len(parts)
        together = (1 - _OWN_UNIT) * covariance + _OWN_UNIT * np.eye(len(mean))
        inverse = np.linalg.inv(together)
        usual = float(np.trace(inverse @ covariance)) / len(base)
        style = cls(mean, inverse / np.outer(unit, unit), base.mean(axis=0), 0.0)
        return replace(style, contrast=style.distance(base) / max(usual, 1e-9) ** 0.5)

    def distance(self, pictures: Numbers) -> float:
        """How far the mean of these pictures' numbers lies from the style; 0 for the style's own."""
        away = pictures.mean(axis=0) - self.mean
        return float(np.sqrt(max(0.0, away @ self.weight @ away)))

    def way(self, pictures: Numbers) -> float:
        """The share of the way from the base to the style that these pictures have come, 1 at most.

        Along the line between both: what the pictures show lies beside it for the greater part, and the distance,
        which counts it, never falls to nothing. What is gone too far is taken off again.
        """
        whole = self.base - self.mean
        share = float((self.base - pictures.mean(axis=0)) @ self.weight @ whole) / max(
            float(whole @ self.weight @ whole), 1e-9
        )
        return min(share, 2 - share)


def numbers_of(pictures: Iterable[Image.Image]) -> Numbers:
    """(pictures, numbers); needs at least one picture."""
    return np.stack([_numbers(picture) for picture in pictures])


def _numbers(picture: Image.Image) -> Numbers:
    """The figures of one picture: paper, lightness, colour, and outlines by scale."""
    small = picture.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BOX)
    planes = np.asarray(small.convert("YCbCr"), dtype=np.float64) / 255
    light, blue, red = planes[..., 0], planes[..., 1], planes[..., 2]
    strength = np.hypot(blue - 0.5, red - 0.5)
    inside = np.zeros(light.shape, dtype=bool)
    inside[_RIM:-_RIM, _RIM:-_RIM] = True
    numbers: list[float] = []
    for plane in (light, blue, red, strength):
        for part in (plane[~inside], plane[inside]):
            numbers += [part.mean(), part.std()]
    numbers += [*np.quantile(light, _LIGHT), *np.quantile(strength, _COLOUR)]
    numbers += [np.sqrt(_steepness(plane)).mean() for plane in (blue, red)]
    for _ in range(_SCALES):
        numbers += [*np.sqrt(np.quantile(_steepness(light), _STEEPNESS)), *_lines(light)]
        light = light.reshape(light.shape[0] // 2, 2, light.shape[1] // 2, 2).mean(axis=(1, 3))
    return np.array(numbers, dtype=np.float64)


def _steepness(plane: Numbers) -> Numbers:
    down, across = np.gradient(plane)
    steepness: Numbers = np.hypot(down, across)
    return steepness


def _lines(light: Numbers) -> list[float]:
    """Light lines on dark and dark ones on light: how much of both, and how strong the strongest are."""
    around = light[:-2, 1:-1] + light[2:, 1:-1] + light[1:-1, :-2] + light[1:-1, 2:]
    above = light[1:-1, 1:-1] - around / 4
    shares = [np.sqrt(np.maximum(side, 0)).mean() for side in (above, -above)]
    return [*shares, *np.quantile(above, _LINES)]
