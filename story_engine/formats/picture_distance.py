"""How far two pictures are from each other, value by value."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from PIL import Image


@dataclass(frozen=True, slots=True)
class Distance:
    """Between the 8-bit values of two pictures of one size."""

    differing: float
    """Share of values, 0 … 1."""
    largest: int
    mean: float


def distance(one: Image.Image, other: Image.Image) -> Distance:
    """Between two RGB pictures.

    Raises:
        ValueError: their sizes differ.
    """
    if one.size != other.size:
        raise ValueError(f"sizes differ: {one.size} and {other.size}")
    apart = np.abs(np.asarray(one.convert("RGB"), dtype=np.int16) - np.asarray(other.convert("RGB"), dtype=np.int16))
    return Distance(float((apart > 0).mean()), int(apart.max(initial=0)), float(apart.mean()))


def pixels_sha256(picture: Image.Image) -> str:
    """Of its RGB values: the same for every file that holds the same picture."""
    return hashlib.sha256(picture.convert("RGB").tobytes()).hexdigest()
