"""Small pictures of unfinished latents: a straight line from latents to colours, fitted to the decoder once."""

from __future__ import annotations

import io

import numpy as np
import torch
from PIL import Image
from torch import nn

from story_engine.domain.family import LATENT_CHANNELS, PIXELS_PER_LATENT
from story_engine.errors import LookAtLog

LONGEST_SIDE = 128
"""Pixels of a preview."""
_FITTED_LATENTS = 4
_FITTED_SIDE = 16
_JPEG_QUALITY = 80


class LatentColours:
    """Colours as a linear function of the latents of the same cell: blurred, but next to free.

    Raises:
        LookAtLog: the decoder gives numbers that are no colours.
    """

    def __init__(self, vae_decoder: nn.Module, *, device: str) -> None:
        generator = torch.Generator().manual_seed(0)
        coarse = torch.randn((_FITTED_LATENTS, LATENT_CHANNELS, 4, 4), generator=generator)
        smooth = nn.functional.interpolate(coarse, size=(_FITTED_SIDE, _FITTED_SIDE), mode="bilinear")
        with torch.inference_mode():
            decoded = torch.cat([vae_decoder(one[None].to(device)).float().cpu() for one in smooth])
        if not torch.isfinite(decoded).all():
            raise LookAtLog("models.not_finite", part="VAE")
        cells = nn.functional.avg_pool2d(decoded.clamp(-1, 1), PIXELS_PER_LATENT)
        known = torch.cat([smooth, torch.ones_like(smooth[:, :1])], dim=1)
        solution = torch.linalg.lstsq(_columns(known), _columns(cells)).solution
        self._matrix, self._offset = solution[:-1], solution[-1]

    def jpeg(self, latents: torch.Tensor) -> bytes:
        """A JPEG of at most 128 pixels a side.

        Args:
            latents: (4, height/8, width/8), any device and dtype: finished latents as denoised at some step.
        """
        colours = torch.einsum("chw,cd->hwd", latents.float().cpu(), self._matrix) + self._offset
        pixels = ((colours / 2 + 0.5).clamp(0, 1) * 255).round().numpy().astype(np.uint8)
        picture = Image.fromarray(pixels)
        scale = LONGEST_SIDE / max(picture.size)
        size = (round(picture.width * scale), round(picture.height * scale))
        content = io.BytesIO()
        picture.resize(size, Image.Resampling.BICUBIC).save(content, "JPEG", quality=_JPEG_QUALITY)
        return content.getvalue()


def _columns(maps: torch.Tensor) -> torch.Tensor:
    return maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])
