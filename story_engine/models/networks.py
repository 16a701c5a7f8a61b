"""Networks of a family in memory, and what of them has to be there at the same time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import torch
from torch import nn

from story_engine.domain.recipe import Recipe
from story_engine.models.encoding import EmbeddingCache, EncodedPrompt
from story_engine.models.families import preview_folder
from story_engine.models.preview.prompts import PreviewPrompter
from story_engine.models.preview.weights import load_preview
from story_engine.store.layout import Layout


class Networks(Protocol):
    """What the renderer needs of a family, whatever is resident and whatever is staged."""

    device: str
    cache: EmbeddingCache

    def encode(self, texts: Sequence[str], *, should_stop: Callable[[], bool]) -> dict[str, EncodedPrompt]:
        """Every text as the U-Net is given it, from the cache where possible."""
        ...

    @property
    def unet(self) -> nn.Module:
        """DiffSynth's SDXLUNet, on the device."""
        ...

    @property
    def vae_decoder(self) -> nn.Module:
        """DiffSynth's SD VAE decoder, float32, on the device."""
        ...


def open_networks(layout: Layout, recipe: Recipe, *, device: str) -> Networks:
    """The networks that paint `recipe`.

    Raises:
        InstallOrDownload: weights are missing or damaged.
    """
    return PreviewNetworks(preview_folder(layout), weights_hash=recipe.weights_hash, device=device)


class PreviewNetworks:
    """The preview model: so small that everything stays in memory, float32 everywhere.

    Raises:
        InstallOrDownload: a weights file is missing or damaged.
    """

    def __init__(self, folder: Path, *, weights_hash: str, device: str) -> None:
        parts = load_preview(folder)
        self.device = device
        self.cache = EmbeddingCache(weights_hash)
        self.unet: nn.Module = parts.unet.to(device)
        # The CPU decodes a sixth faster with channels last; the U-Net gains nothing by it.
        self.vae_decoder: nn.Module = parts.vae_decoder.to(device, memory_format=torch.channels_last)
        self._prompter = PreviewPrompter(parts.config.prompt_tokens)
        self._prompter.fetch_models(parts.text_encoder.to(device))

    def encode(self, texts: Sequence[str], *, should_stop: Callable[[], bool]) -> dict[str, EncodedPrompt]:
        """Every text as the U-Net is given it."""
        del should_stop  # encoding takes milliseconds
        return self.cache.encoded(texts, encode=self._encode)

    def _encode(self, texts: Sequence[str]) -> list[EncodedPrompt]:
        with torch.inference_mode():
            pooled, embedding = self._prompter.encode_prompt(list(texts), device=self.device)
        rows = zip(embedding.cpu(), pooled.cpu(), strict=True)
        return [EncodedPrompt(one.clone(), last.clone()) for one, last in rows]
