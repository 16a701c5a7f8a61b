"""Whether two pictures are the same picture: copied, mirrored, cropped, or only toned otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from story_engine.formats.picture_figures import PictureFigures

LEAST_LIKENESS = 0.9
"""Correlation of lightness from which on two pictures are taken for one: benchmarks/coherence.py measured it."""
LEAST_CROP_LIKENESS = 0.86
"""Of a crop: its window is found to half a pixel of 24, which costs some of it."""
_SIDES = range(26, 49)
"""Pixels that a side has, of which a crop keeps 24: 92 % to half. One that keeps more is found as a copy."""
_STEP = 3
_PROMISING = 0.65
_SIDE = 24
_FLAT = 1.5
"""Spread of lightness (of 255) below which there is nothing to compare."""
_TONE = 2.0
"""Difference of L* or palette (ΔE) from which on the tone is another."""

Grey = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Likeness:
    """How two pictures are one."""

    kind: str
    """"copy", "tone" (brightness, contrast or colours alone), "mirror" or "crop"."""
    likeness: float
    """Correlation of their lightness, at most 1."""


@lru_cache(maxsize=4096)
def likeness_of(one: PictureFigures, other: PictureFigures) -> Likeness | None:
    """What makes the two one picture; None when they are two.

    Correlation does not see brightness and contrast, so that a filter of that kind does not make another picture.

    Source: zero-mean normalised cross-correlation over windows, Lewis 1995.
    """
    first, second = _shrunk(one.small.astype(np.float32)), _shrunk(other.small.astype(np.float32))
    if min(first.std(), second.std()) < _FLAT:
        return _flat(one, other)
    whole = correlation(first, second)
    if whole >= LEAST_LIKENESS:
        return Likeness("tone" if _is_toned(one, other) else "copy", whole)
    mirrored = correlation(first, second[:, ::-1])
    if mirrored >= LEAST_LIKENESS:
        return Likeness("mirror", mirrored)
    cropped = max(_cropped(one, second), _cropped(other, first))
    return Likeness("crop", cropped) if cropped >= LEAST_CROP_LIKENESS else None


def correlation(one: Grey, other: Grey) -> float:
    """-1 … 1; of pictures of the same size, neither of them flat."""
    one, other = one - one.mean(), other - other.mean()
    length = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / length if length > 0 else 0.0


def _cropped(whole: PictureFigures, part: Grey) -> float:
    """The best correlation of `part` with a window of `whole`: looked for roughly, then around the best."""
    picture = whole.small.astype(np.float32)
    template = (part - part.mean()) / part.std()
    found = {side: _best_window(picture, template, side) for side in _SIDES[:: _STEP + 1]}
    near = max(found, key=lambda side: found[side])
    if found[near] >= _PROMISING:
        found |= {side: _best_window(picture, template, side) for side in _SIDES if 0 < abs(side - near) <= _STEP}
    return max(found.values())


def _best_window(picture: Grey, template: Grey, side: int) -> float:
    windows = sliding_window_view(_shrunk(picture, side), template.shape)
    spread = windows.std(axis=(2, 3))
    alike = np.einsum("yxij,ij->yx", windows, template) / template.size
    return float(np.where(spread >= _FLAT, alike / np.maximum(spread, _FLAT), -1.0).max())


def _flat(one: PictureFigures, other: PictureFigures) -> Likeness | None:
    """Of pictures in which next to nothing can be seen: the same only where they are equally flat and equally light."""
    apart = np.abs(one.small.astype(np.float32) - other.small.astype(np.float32)).mean()
    return Likeness("copy", 1.0) if apart < _FLAT and not _is_toned(one, other) else None


def _is_toned(one: PictureFigures, other: PictureFigures) -> bool:
    moved = (
        one.lightness - other.lightness,
        one.contrast - other.contrast,
        float(np.abs(one.palette - other.palette).mean()),
    )
    return max(map(abs, moved)) > _TONE


def _shrunk(picture: Grey, wanted: int = _SIDE) -> Grey:
    """To `wanted` pixels a side by means over areas."""
    side = picture.shape[0]
    edges = np.linspace(0, side, wanted + 1)
    starts, ends = np.arange(side), np.arange(1, side + 1)
    weights = np.clip(np.minimum(edges[1:, None], ends) - np.maximum(edges[:-1, None], starts), 0, None)
    weights = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return np.asarray(weights @ picture @ weights.T)
