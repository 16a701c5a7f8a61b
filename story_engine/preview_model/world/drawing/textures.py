"""Soft random fields that styles and degradations share; made once, shifted for every drawing.

An f8 autoencoder sees cells of 8 pixels, so every field varies over at least that.
"""

from __future__ import annotations

import random
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.float32]
Picture = NDArray[np.uint8]
"""(256, 256, 3)."""

SIDE = 256


def blotches(rng: random.Random, cell: int, cell_height: int | None = None) -> Field:
    """A smooth field in 0..1, (256, 256), with spots about `cell` pixels wide and `cell_height` high."""
    field = _blotches(cell, cell_height or cell, rng.randrange(4))
    if rng.random() < 0.5:
        field = field[:, ::-1]
    shifted: Field = np.roll(field, (rng.randrange(SIDE), rng.randrange(SIDE)), axis=(0, 1))
    return shifted


def displaced(picture: Picture, rng: random.Random, *, reach: float, cell: int) -> Picture:
    """The picture with every pixel taken from up to `reach` pixels away, smoothly over spots of `cell` pixels."""
    indices = _wander(round(reach * 4), cell, rng.randrange(6))
    moved: Picture = picture.reshape(-1, picture.shape[-1])[indices]
    return moved


@lru_cache(maxsize=1)
def vignette() -> Field:
    """0 in the middle to 1 at the rim of the picture, (256, 256)."""
    axis = np.linspace(-1, 1, SIDE, dtype=np.float32)
    squared = np.maximum(np.abs(axis[:, None]), np.abs(axis[None, :])) ** 8
    return squared.astype(np.float32)


@lru_cache(maxsize=32)
def _blotches(cell: int, cell_height: int, variant: int) -> Field:
    generator = np.random.default_rng(1000 * cell + 10 * cell_height + variant)
    grid = generator.random((max(2, SIDE // cell_height), max(2, SIDE // cell))).astype(np.float32)
    # Wrapped around before it is smoothed, so that a shifted field shows no seam.
    wrapped = np.pad(grid, 2, mode="wrap")
    spots_high, spots_wide = grid.shape
    box = (2, 2, 2 + spots_wide, 2 + spots_high)
    image = Image.fromarray(wrapped).resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=box)
    field: Field = np.clip(np.asarray(image, dtype=np.float32), 0, 1)
    return field


@lru_cache(maxsize=64)
def _wander(quarter_pixels: int, cell: int, variant: int) -> NDArray[np.intp]:
    generator = np.random.default_rng(7 * cell + variant)
    count = max(3, SIDE // cell)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    places = []
    for base in (rows, columns):
        grid = (generator.random((count, count)) * 2 - 1).astype(np.float32)
        shift = np.asarray(Image.fromarray(grid).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
        places.append(np.clip(np.rint(base + shift * quarter_pixels / 4), 0, SIDE - 1).astype(np.intp))
    indices: NDArray[np.intp] = places[0] * SIDE + places[1]
    return indices
