"""Latents to pictures, and what is none: an overflow in half precision gives numbers that are no numbers, or black."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import nn

from story_engine.domain.cast import in_precision
from story_engine.domain.recipe import Recipe
from story_engine.errors import LookAtLog
from story_engine.inference.bands import decode_in_bands

_BLACK = 2
"""Of 255: a picture without a brighter pixel shows nothing."""


def decode(decoder: nn.Module, latents: torch.Tensor, *, in_bands: bool = False) -> Image.Image:
    """(4, height/8, width/8) to a picture. Source: diffsynth 1.1.9, pipelines/base.py, `vae_output_to_image`.

    Args:
        decoder: DiffSynth's, on its device.
        latents: of one picture, there too.
        in_bands: with little memory; the same picture.

    Raises:
        LookAtLog: the picture holds numbers that are none (an overflow, or damaged weights).
    """
    with torch.inference_mode():
        # The decoder computes in float32 and gives back the latents' own precision, as it does in DiffSynth's pipeline.
        whole = decode_in_bands(decoder, latents[None]) if in_bands else decoder(latents[None])
        decoded = whole[0].float().cpu()
    if not torch.isfinite(decoded).all():
        raise LookAtLog("models.not_finite", part="U-Net" if not torch.isfinite(latents).all() else "VAE")
    pixels = ((decoded.permute(1, 2, 0).numpy() / 2 + 0.5).clip(0, 1) * 255).astype(np.uint8)
    return Image.fromarray(pixels)


def is_black(picture: Image.Image) -> bool:
    """Whether nothing is on it."""
    return bool(np.asarray(picture).max() <= _BLACK)


def safely(recipe: Recipe, device: str) -> Recipe | None:
    """The recipe in the precision that does not overflow, for what came out as no picture; None where it has that.

    bfloat16 has the range of float32 at half its size; a CPU computes in float32 as fast.
    """
    if recipe.precision != "float16":
        return None
    knows_bfloat16 = device.startswith("cuda") and torch.cuda.is_bf16_supported()
    return in_precision(recipe, "bfloat16" if knows_bfloat16 else "float32")
