"""Networks of a family in memory, and what of them has to be there at the same time."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import torch
from diffsynth.prompters import KolorsPrompter
from torch import nn

from story_engine.catalog.published import KOLORS, preview_folder
from story_engine.domain.recipe import Recipe
from story_engine.errors import Cancelled
from story_engine.inference.encoding import EmbeddingCache, EncodedPrompt
from story_engine.inference.lora_injection import UnetAdapters
from story_engine.inference.noise import PRECISIONS
from story_engine.inference.published_networks import load_text_encoder, load_unet, load_vae_decoder
from story_engine.preview_model.prompts import PreviewPrompter
from story_engine.preview_model.weights import load_preview
from story_engine.store.layout import Layout

_BYTES_FOR_EVERYTHING = 22 * 2**30
"""GPU memory from which text encoder, U-Net, VAE and their work fit together."""


@dataclass(frozen=True, slots=True)
class Painter:
    """The two networks of painting, on the device, and the LoRAs beside them."""

    unet: nn.Module
    """DiffSynth's SDXLUNet."""
    vae_decoder: nn.Module
    """DiffSynth's SD VAE decoder, float32."""
    adapters: UnetAdapters


class Networks(Protocol):
    """What the renderer needs of a family, whatever is resident and whatever takes turns."""

    def encode(self, texts: Sequence[str], *, should_stop: Callable[[], bool]) -> dict[str, EncodedPrompt]:
        """Every text as the U-Net is given it, from the cache where possible.

        Raises:
            Cancelled: `should_stop` said so.
        """
        ...

    def painter(self) -> Painter:
        """The painting networks, loaded if they are not in memory."""
        ...


def open_networks(layout: Layout, recipe: Recipe, *, device: str) -> Networks:
    """The networks that paint `recipe`.

    Raises:
        InstallOrDownload: weights are missing or damaged (of a staged family: when they are first used).
    """
    if recipe.family == "preview":
        return PreviewNetworks(preview_folder(layout), weights_hash=recipe.weights_hash, device=device)
    return KolorsNetworks(layout, weights_hash=recipe.weights_hash, precision=recipe.precision, device=device)


class PreviewNetworks:
    """The preview model: so small that everything stays in memory, float32 everywhere.

    Raises:
        InstallOrDownload: a weights file is missing or damaged.
    """

    def __init__(self, folder: Path, *, weights_hash: str, device: str) -> None:
        parts = load_preview(folder)
        self._device = device
        self._cache = EmbeddingCache(weights_hash)
        # The CPU decodes a sixth faster with channels last; the U-Net gains nothing by it.
        decoder = parts.vae_decoder.to(device, memory_format=torch.channels_last)
        self._painter = Painter(parts.unet.to(device), decoder, UnetAdapters(parts.unet))
        self._prompter = PreviewPrompter(parts.config.prompt_tokens)
        self._prompter.fetch_models(parts.text_encoder.to(device))

    def encode(self, texts: Sequence[str], *, should_stop: Callable[[], bool]) -> dict[str, EncodedPrompt]:
        """Every text as the U-Net is given it."""
        return self._cache.encoded(texts, encode=partial(_encode, self._prompter, self._device, should_stop))

    def painter(self) -> Painter:
        """The painting networks; always there."""
        return self._painter


class KolorsNetworks:
    """Kolors: the text encoder comes first and leaves before the U-Net comes, unless the GPU holds both.

    In float16 the text encoder takes 11.1 GiB and the U-Net 4.8 GiB. Encoded prompts stay on disk, so that a board that
    is painted again needs no text encoder.
    """

    def __init__(self, layout: Layout, *, weights_hash: str, precision: str, device: str) -> None:
        self._folder = layout.models / KOLORS.folder
        self._device, self._dtype = device, PRECISIONS[precision]
        self._cache = EmbeddingCache(f"{weights_hash} {precision}", folder=layout.embeddings)
        self._painter: Painter | None = None

    def encode(self, texts: Sequence[str], *, should_stop: Callable[[], bool]) -> dict[str, EncodedPrompt]:
        """Every text as the U-Net is given it; loads the text encoder only for texts that are new."""
        prompter: KolorsPrompter | None = None
        if not self._cache.knows_all(texts):
            if not self._holds_everything():
                self._painter = None
                _free_memory()
            prompter = KolorsPrompter()
            prompter.fetch_models(load_text_encoder(self._folder, device=self._device, dtype=self._dtype))
        try:
            return self._cache.encoded(texts, encode=partial(_encode, prompter, self._device, should_stop))
        finally:
            if prompter is not None:
                prompter.fetch_models(None)
                _free_memory()

    def painter(self) -> Painter:
        """The painting networks, loaded when they are first needed."""
        if self._painter is None:
            unet = load_unet(self._folder, device=self._device, dtype=self._dtype)
            decoder = load_vae_decoder(self._folder, device=self._device)
            self._painter = Painter(unet, decoder, UnetAdapters(unet))
        return self._painter

    def _holds_everything(self) -> bool:
        if not self._device.startswith("cuda"):
            return False
        _, total = torch.cuda.mem_get_info()
        return total >= _BYTES_FOR_EVERYTHING


def _encode(
    prompter: KolorsPrompter, device: str, should_stop: Callable[[], bool], texts: Sequence[str]
) -> list[EncodedPrompt]:
    if should_stop():
        raise Cancelled("models.cancelled")
    with torch.inference_mode():
        pooled, embedding = prompter.encode_prompt(list(texts), device=device)
    return [EncodedPrompt(one.clone(), last.clone()) for one, last in zip(embedding.cpu(), pooled.cpu(), strict=True)]


def _free_memory() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
