"""Previews show the colours that the decoder will give."""

from __future__ import annotations

import io

import numpy as np
import torch
from PIL import Image
from torch import nn

from story_engine.inference.latent_preview import LatentColours


class _LinearDecoder(nn.Module):
    """A decoder that really is a straight line: the fit must find it."""

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        colours = 0.2 * latents[:, :3] - 0.1 * latents[:, 3:] + 0.1
        return nn.functional.interpolate(colours, scale_factor=8.0)


def test_the_preview_has_the_decoders_colours() -> None:
    latents = torch.randn((4, 8, 16), generator=torch.Generator().manual_seed(0))

    jpeg = LatentColours(_LinearDecoder(), device="cpu").jpeg(latents)

    with Image.open(io.BytesIO(jpeg)) as opened:
        preview = opened.convert("RGB")
    expected = (_LinearDecoder()(latents[None])[0] / 2 + 0.5).clamp(0, 1).permute(1, 2, 0).numpy() * 255
    assert preview.size == (128, 64)
    assert np.abs(np.asarray(preview, dtype=float) - expected).mean() < 12


def test_previews_keep_the_shape_of_the_panel() -> None:
    colours = LatentColours(_LinearDecoder(), device="cpu")

    with Image.open(io.BytesIO(colours.jpeg(torch.zeros(4, 128, 96)))) as preview:
        assert preview.size == (96, 128)
