"""A spot of a picture: cut out with what surrounds it, painted as large as it pays, and put back without a seam.

Outside of the mask not one value changes: what is put back is mixed with the picture by weights that are 0 there and
grow inward from the mask's edge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from story_engine.domain.family import PIXELS_PER_LATENT
from story_engine.domain.recipe import Recipe

CONTEXT = 0.3
"""Of the spot's mean side, on each side of it: what the network sees of the picture around it."""
SQUARE_CONTEXT = 0.8
"""The same where the square's size is given, so that more costs nothing. Chosen by eye on a handful of drawings."""
AREA_STEPS = 0.3
"""Of a panel's pixels times the share of its steps: what a spot may cost, with what encoding and decoding it take more.

A small spot is painted larger than it is, so that a face gets as many pixels as in a portrait."""
MOST_ENLARGED = 4.0
"""Beyond that the picture around it is nothing but blur."""
_SIDE_MULTIPLE = 32
"""Pixels: the U-Net halves the latents (1/8) twice."""
_RAMP = 1 / 32
"""Of the picture's shorter side: how far inside of the mask the new picture has its full weight."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a picture is mended, and how large that is painted."""

    picture: Image.Image
    """8-bit RGB, all of it."""
    mask: Image.Image
    """8-bit grey of the same size, 255 or 0."""
    box: tuple[int, int, int, int]
    """Left, top, right, bottom of what is cut out, in pixels of the picture."""
    size: tuple[int, int]
    """Width and height in which it is painted, multiples of 32."""

    @property
    def cut(self) -> Image.Image:
        """What is cut out, in the size in which it is painted."""
        return self.picture.crop(self.box).resize(self.size, Image.Resampling.LANCZOS)

    @property
    def free(self) -> torch.Tensor:
        """(1, 1, height/8, width/8): 1 where the latents are painted, which is wherever they touch the mask."""
        return functional.max_pool2d(self.hidden.float()[None, None], PIXELS_PER_LATENT)

    @property
    def hidden(self) -> torch.Tensor:
        """(height, width) of what is cut out: true wherever the mask is touched."""
        mask = self.mask.crop(self.box).resize(self.size, Image.Resampling.BOX)
        return torch.from_numpy(np.asarray(mask) > 0)

    def mended(self, painted: Image.Image) -> Image.Image:
        """The whole picture with what was painted in its place."""
        left, top, right, bottom = self.box
        back = painted.resize((right - left, bottom - top), Image.Resampling.LANCZOS)
        weights = _weights(np.asarray(self.mask) > 0, max(2, round(min(self.picture.size) * _RAMP)))
        weights = weights[top:bottom, left:right, None]
        values = np.asarray(self.picture).copy()
        old = values[top:bottom, left:right].astype(np.float32)
        mixed = old + weights * (np.asarray(back, dtype=np.float32) - old)
        values[top:bottom, left:right] = np.rint(mixed).clip(0, 255).astype(np.uint8)
        return Image.fromarray(values)


def spot_of(recipe: Recipe, picture: Image.Image, mask: Image.Image) -> Spot:
    """Where the recipe's picture is mended.

    Args:
        recipe: with a `mend`.
        picture: 8-bit RGB of the recipe's size.
        mask: as `store.references.checked_mask` gives it, of the same size.
    """
    bounds = mask.getbbox()
    assert recipe.mend is not None and bounds is not None
    left, top, right, bottom = bounds
    context = SQUARE_CONTEXT if recipe.mend.side else CONTEXT
    around = max(2 * PIXELS_PER_LATENT, round(context * math.sqrt((right - left) * (bottom - top))))
    wanted = min(right - left + 2 * around, recipe.width), min(bottom - top + 2 * around, recipe.height)
    if recipe.mend.side:
        longer = max(*wanted, round(recipe.mend.side / MOST_ENLARGED))
        wanted = min(longer, recipe.width), min(longer, recipe.height)
    size = _painted_size(wanted, recipe)
    # The box takes on the shape of the size, so that nothing is distorted.
    scale = max(size[0] / recipe.width, size[1] / recipe.height, min(size[0] / wanted[0], size[1] / wanted[1]))
    width, height = (min(whole, round(side / scale)) for side, whole in zip(size, picture.size, strict=True))
    centre_x, centre_y = (left + right) / 2, (top + bottom) / 2
    start_x = min(max(0, round(centre_x - width / 2)), picture.width - width)
    start_y = min(max(0, round(centre_y - height / 2)), picture.height - height)
    box = (
        min(start_x, left),
        min(start_y, top),
        max(start_x + width, right),
        max(start_y + height, bottom),
    )
    return Spot(picture, mask, box, size)


def _painted_size(wanted: tuple[int, int], recipe: Recipe) -> tuple[int, int]:
    """As many pixels as the spot may cost, never fewer than it has, nor than its model needs."""
    assert recipe.mend is not None
    share = (recipe.steps - recipe.skipped_steps) / recipe.steps
    pixels = max(min(1.0, AREA_STEPS / share) * recipe.width * recipe.height, recipe.mend.side**2)
    scale = math.sqrt(pixels / (wanted[0] * wanted[1]))
    scale = min(max(scale, 1.0), MOST_ENLARGED)
    return _multiple(wanted[0] * scale, recipe.width), _multiple(wanted[1] * scale, recipe.height)


def _multiple(side: float, most: int) -> int:
    nearest = _SIDE_MULTIPLE * max(1, round(side / _SIDE_MULTIPLE))
    return min(nearest, most)


def _weights(mask: np.ndarray, ramp: int) -> np.ndarray:
    """(height, width): 0 outside of the mask and at its edge, 1 from `ramp` pixels on, or in a thin spot's middle."""
    inside = torch.from_numpy(mask.astype(np.float32))[None, None]
    # Beyond the picture's rim the mask goes on as at the rim: there is no seam.
    depth = torch.zeros_like(inside)
    eroded = inside
    for _ in range(ramp):
        padded = functional.pad(eroded, (1, 1, 1, 1), mode="replicate")
        eroded = -functional.max_pool2d(-padded, 3, stride=1)
        if not eroded.any():
            break
        depth += eroded
    deepest = float(depth.max())
    weights: np.ndarray = (depth / deepest if deepest else inside)[0, 0].numpy()  # a line has no inside
    return weights
