"""Spoiled drawings: what the words ugly, deformed, noisy, blurry and low contrast mean to the preview model."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFilter

from story_engine.preview_model.world.drawing.textures import SIDE, Picture, displaced

_LUMINANCE = np.array([0.3, 0.59, 0.11], dtype=np.float32)


def degrade(picture: Picture, degradation: str, rng: random.Random) -> Picture:
    """The picture, (256, 256, 3), spoiled in the named way; as it is for `none`."""
    return picture if degradation == "none" else _DEGRADATIONS[degradation](picture, rng)


def _ugly(picture: Picture, rng: random.Random) -> Picture:
    """Muddy brown-green colours, ragged edges, everything leaning to one side."""
    lean = rng.choice((-1, 1)) * rng.uniform(0.10, 0.18)
    leaning = Image.fromarray(picture).transform(
        (SIDE, SIDE),
        Image.Transform.AFFINE,
        (1, lean, -lean * SIDE / 2, 0, 1.08, -10),
        Image.Resampling.BILINEAR,
        fillcolor=(112, 100, 62),
    )
    ragged = displaced(np.asarray(leaning), rng, reach=7, cell=10).astype(np.float32)
    light = (ragged @ _LUMINANCE)[..., None] / 255
    mud = np.array([62, 56, 22], dtype=np.float32) + light * np.array([104, 104, 62], dtype=np.float32)
    return (ragged * 0.3 + mud * 0.7).astype(np.uint8)


def _deformed(picture: Picture, rng: random.Random) -> Picture:
    """Strong waves through the whole picture, and a bulge in its middle."""
    waves = []
    for _ in range(2):
        phase, length = rng.uniform(0, 2 * np.pi), rng.uniform(62, 96)
        waves.append(rng.uniform(12, 17) * np.sin(np.arange(SIDE) * (2 * np.pi / length) + phase))
    rows, columns = np.arange(SIDE)[:, None] + waves[0][None, :], np.arange(SIDE)[None, :] + waves[1][:, None]
    rows, columns = (np.clip(np.rint(axis), 0, SIDE - 1).astype(np.intp) for axis in (rows, columns))
    waved: Picture = picture[rows, columns]
    return displaced(waved, rng, reach=15, cell=64)


def _noisy(picture: Picture, rng: random.Random) -> Picture:
    """Blotches of stray colour, 8 to 16 pixels each."""
    count = SIDE // rng.randint(8, 14)
    generator = np.random.default_rng(rng.randrange(2**32))
    colours = generator.integers(0, 256, (count, count, 3), dtype=np.uint8)
    blotches = np.asarray(Image.fromarray(colours).resize((SIDE, SIDE), Image.Resampling.BICUBIC), dtype=np.float32)
    share = rng.uniform(0.38, 0.5)
    return (picture * (1 - share) + blotches * share).astype(np.uint8)


def _blurry(picture: Picture, rng: random.Random) -> Picture:
    """Far out of focus."""
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(rng.uniform(5.5, 8))))


def _low_contrast(picture: Picture, rng: random.Random) -> Picture:
    """Squeezed to a middle grey."""
    grey, kept = rng.uniform(118, 158), rng.uniform(0.16, 0.26)
    return (picture * kept + grey * (1 - kept)).astype(np.uint8)


_DEGRADATIONS: dict[str, Callable[[Picture, random.Random], Picture]] = {
    "ugly": _ugly,
    "deformed": _deformed,
    "noisy": _noisy,
    "blurry": _blurry,
    "low_contrast": _low_contrast,
}
