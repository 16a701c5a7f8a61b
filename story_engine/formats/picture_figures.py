"""What can be read off a picture's pixels without a network: line, grain and colour, its palette, its light.

All figures are of the middle square, which is what a scorer sees too, at 256 × 256 pixels: so the size and the shape
that a picture was painted in do not count, and nothing is squeezed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from story_engine.domain.what_if import scored_square

Numbers = NDArray[np.float32]

VERSION = 2
"""Of the figures: those of another version are worked out again."""
HAND_FIGURES = 41
PALETTE_SHAPE = (9, 16)
"""Directions in Lab, and quantiles along each."""
SMALL_SIDE = 48
_STORED = np.dtype("<f4")
_SIDE = 256
_SCALES = 5
_LEAST = 0.05
"""Of a mean difference in L*: below it logarithms would count what nobody sees."""
_FAINT, _CLEAR = 1.0, 4.0
"""Steps of L* from one pixel to the next: none to the eye, and an outline."""
_DARK, _LIGHT = 20.0, 90.0


@dataclass(frozen=True, slots=True, eq=False)
class PictureFigures:
    """Figures of one picture."""

    hand: Numbers
    """(41,): how it is drawn: steepness of edges, texture by scale, grain, number of colours, light, colourfulness."""
    palette: Numbers
    """(9, 16): quantiles of its colours along nine directions of CIE Lab, in units of ΔE*ab."""
    lightness: float
    """Mean L*, 0 … 100."""
    contrast: float
    """Standard deviation of L*."""
    small: NDArray[np.uint8]
    """(48, 48): its L*, 0 … 255."""

    def packed(self) -> bytes:
        """As bytes that `unpacked` reads: 2.7 KB."""
        light = np.array([self.lightness, self.contrast], dtype=_STORED)
        parts = (self.hand.astype(_STORED), self.palette.astype(_STORED).ravel(), light)
        return np.concatenate(parts).tobytes() + self.small.astype(np.uint8).tobytes()


@lru_cache(maxsize=1024)
def unpacked(content: bytes) -> PictureFigures | None:
    """What `packed` wrote; None where it is damaged."""
    numbers = HAND_FIGURES + PALETTE_SHAPE[0] * PALETTE_SHAPE[1] + 2
    size = numbers * _STORED.itemsize
    if len(content) != size + SMALL_SIDE**2:
        return None
    found = np.frombuffer(content[:size], dtype=_STORED).astype(np.float32)
    if not np.isfinite(found).all():
        return None
    return PictureFigures(
        hand=found[:HAND_FIGURES],
        palette=found[HAND_FIGURES:-2].reshape(PALETTE_SHAPE),
        lightness=float(found[-2]),
        contrast=float(found[-1]),
        small=np.frombuffer(content[size:], dtype=np.uint8).reshape(SMALL_SIDE, SMALL_SIDE),
    )


def read_figures(path: Path) -> PictureFigures:
    """The figures of a picture file.

    Raises:
        OSError: it cannot be read as a picture.
    """
    with Image.open(path) as picture:
        return picture_figures(picture)


def picture_figures(picture: Image.Image) -> PictureFigures:
    """The figures of a picture of any size and kind."""
    square = scored_square(*picture.size)
    box = (square.left, square.top, square.left + square.side, square.top + square.side)
    seen = picture.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BOX, box=box)
    lab = lab_of(seen)
    light = lab[..., 0]
    small = Image.fromarray(np.round(light * 2.55).clip(0, 255).astype(np.uint8))
    return PictureFigures(
        hand=_hand(seen, lab),
        palette=_palette(lab),
        lightness=float(light.mean()),
        contrast=float(light.std()),
        small=np.asarray(small.resize((SMALL_SIDE, SMALL_SIDE), Image.Resampling.BOX)),
    )


def lab_of(picture: Image.Image) -> Numbers:
    """The picture in CIE L*a*b*, (height, width, 3).

    Source: IEC 61966-2-1 (sRGB to XYZ, D65) and CIE 15:2004 (XYZ to L*a*b*).
    """
    coded = np.asarray(picture.convert("RGB"), dtype=np.float32) / 255
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    xyz = linear @ _TO_XYZ.T / _WHITE
    bent = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = np.moveaxis(bent, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)


def palette_distance(one: PictureFigures, other: PictureFigures) -> float:
    """How far colours would have to be moved to make one palette the other, in ΔE*ab; places do not count.

    Source: sliced Wasserstein distance, Rabin et al. 2011; ΔE*ab: CIE 15:2004, where 2.3 is just noticeable.
    """
    # Along a random direction a move shows half of its length on average (three dimensions).
    return float(2 * np.abs(one.palette - other.palette).mean())


def _palette(lab: Numbers) -> Numbers:
    along = lab.reshape(-1, 3) @ _DIRECTIONS.T
    places = (np.arange(PALETTE_SHAPE[1]) + 0.5) / PALETTE_SHAPE[1]
    return np.asarray(np.quantile(along, places, axis=0).T, dtype=np.float32)


def _hand(picture: Image.Image, lab: Numbers) -> Numbers:
    light, colourfulness = lab[..., 0], np.hypot(lab[..., 1], lab[..., 2])
    down, across = np.abs(np.diff(light, axis=0))[:, :-1], np.abs(np.diff(light, axis=1))[:-1]
    steepness = np.hypot(across, down)
    numbers = [
        *(light.mean(), light.std(), colourfulness.mean(), colourfulness.std(), lab[..., 1].mean(), lab[..., 2].mean()),
        *np.sqrt(_histogram(np.log2(steepness + 2**-4), np.arange(-4.5, 6.6, 1))),
        *_texture(lab),
        *_grain(picture),
        *_colours(picture),
        _uprightness(down, across),
        *((light < _DARK).mean(), (light > _LIGHT).mean()),
    ]
    return np.array(numbers, dtype=np.float32)


def _texture(lab: Numbers) -> list[float]:
    """By scale, what is lost when two by two pixels become one: of light, of colour, and where most of it is flat."""
    numbers = []
    for _ in range(_SCALES):
        half = lab.shape[0] // 2
        coarse = lab.reshape(half, 2, half, 2, 3).mean(axis=(1, 3))
        lost = np.abs(lab - coarse.repeat(2, axis=0).repeat(2, axis=1))
        lights = lost[..., 0]
        numbers += [_log(lights.mean()), _log(lost[..., 1:].mean()), _log(float(np.median(lights)))]
        lab = coarse
    return numbers


def _grain(picture: Image.Image) -> list[float]:
    """What a median filter takes away: paper, crayon, noise."""
    grey = picture.convert("L")
    lost = np.abs(np.asarray(grey, np.float32) - np.asarray(grey.filter(ImageFilter.MedianFilter(3)), np.float32))
    median, high = np.percentile(lost, (50, 90))
    return [_log(lost.mean()), _log(median), _log(high), float((lost == 0).mean())]


def _colours(picture: Image.Image) -> list[float]:
    """How many of 4096 colours there are, and how evenly they are used (bits)."""
    coarse = (np.asarray(picture) >> 4).astype(np.int32)
    _, counts = np.unique(coarse[..., 0] * 256 + coarse[..., 1] * 16 + coarse[..., 2], return_counts=True)
    shares = counts / counts.sum()
    return [float(np.log2(len(counts))), float(-(shares * np.log2(shares)).sum())]


def _uprightness(down: Numbers, across: Numbers) -> float:
    """How many of the outlines are exactly level or upright: pixel art, collage, frames."""
    is_upright = (across > _CLEAR) & (down < _FAINT) | (down > _CLEAR) & (across < _FAINT)
    is_outline = (across > _CLEAR) | (down > _CLEAR)
    return float(np.log2(is_upright.sum() + 1) - np.log2(is_outline.sum() + 1))


def _histogram(values: Numbers, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    counts, _ = np.histogram(values, bins=edges)
    return counts / values.size


def _log(value: float) -> float:
    return float(np.log2(value + _LEAST))


def _directions() -> Numbers:
    """The axes of Lab, and between them."""
    rows = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, -1, 0), (1, 0, 1), (1, 0, -1), (0, 1, 1), (0, 1, -1)]
    found = np.array(rows, dtype=np.float32)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]],
    dtype=np.float32,
)
_WHITE = np.array([0.95047, 1.0, 1.08883], dtype=np.float32)
_DIRECTIONS = _directions()
