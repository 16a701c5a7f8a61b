"""Networks of a family in memory while it paints, and what of them has to be there at the same time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import nn

from story_engine.catalog.families import description
from story_engine.catalog.weights_hash import part_hash
from story_engine.domain.memory_plan import MemoryPlan
from story_engine.domain.recipe import Recipe
from story_engine.inference.encoding import EmbeddingCache, EncodedPrompt
from story_engine.inference.lora_injection import UnetAdapters
from story_engine.inference.out_of_memory import fitting
from story_engine.inference.runtime import Prompter, Runtime, encode_with, free_memory, open_runtime
from story_engine.store.layout import Layout


@dataclass(frozen=True, slots=True)
class Painter:
    """The two networks of painting, on the device, and the LoRAs beside them."""

    unet: nn.Module
    """DiffSynth's SDXLUNet."""
    vae_decoder: nn.Module
    """DiffSynth's SD VAE decoder, float32."""
    adapters: UnetAdapters


NetworksKey = tuple[str, str, str, str]
"""Family, hash of its weights, hash of its U-Net's for inpainting if that paints, precision."""


def networks_key(recipe: Recipe) -> NetworksKey:
    """Equal for recipes that the same networks paint."""
    return recipe.family, recipe.weights_hash, recipe.inpainting, recipe.precision


def open_networks(layout: Layout, recipe: Recipe, *, device: str, plan: MemoryPlan | None) -> Networks:
    """The networks that paint `recipe`, as planned for the device's memory.

    Raises:
        InstallOrDownload: weights are missing or damaged (of a large family: when they are first used).
    """
    runtime = open_runtime(layout, recipe.family, is_inpainting=bool(recipe.inpainting))
    cache = embedding_cache(layout, recipe.family, precision=recipe.precision, is_kept=not runtime.is_small)
    return Networks(runtime, cache, precision=recipe.precision, device=device, plan=plan)


def embedding_cache(
    layout: Layout, family: str, *, precision: str, is_kept: bool = True, is_needed: bool = False
) -> EmbeddingCache:
    """The encoded prompts of one text encoder in one precision; on disk where `is_kept`."""
    encoder = part_hash(layout, description(family).package, "text_encoder")
    folder = layout.embeddings if is_kept else None
    return EmbeddingCache(f"{family} {encoder} {precision}", folder=folder, is_needed=is_needed)


class Networks:
    """What the renderer needs of a family: a small one stays in memory as a whole.

    Of a large one the text encoder comes first and leaves before the U-Net comes, unless the plan has room for both.
    Encoded prompts stay on disk, so that a board that is painted again needs no text encoder.
    """

    def __init__(
        self, runtime: Runtime, cache: EmbeddingCache, *, precision: str, device: str, plan: MemoryPlan | None
    ) -> None:
        self._runtime, self._cache = runtime, cache
        self._precision, self._device, self._plan = precision, device, plan
        self._painter: Painter | None = None
        self._prompter: Prompter | None = None
        self._vae_encoder: nn.Module | None = None
        if runtime.is_small:
            self._prompter = runtime.prompter(device=device, precision=precision)
            self.painter()

    def suits(self, plan: MemoryPlan | None) -> bool:
        """Whether they can go on under another plan: a leaner one needs the U-Net elsewhere, or the encoder away."""
        if plan is None or self._plan is None:
            return plan is self._plan
        return plan.unet == self._plan.unet and plan.brought <= self._plan.brought

    def encode(self, texts: Sequence[str], *, should_stop: Callable[[], bool]) -> dict[str, EncodedPrompt]:
        """Every text as the U-Net is given it; loads the text encoder only for texts that are new.

        Raises:
            Cancelled: `should_stop` said so.
            OutOfMemory: the text encoder does not fit.
        """
        if self._prompter is None and self._cache.knows_all(texts):
            return self._cache.encoded(texts, encode=_not_needed)
        with fitting("models.memory_text_encoder", self._device):
            prompter = self._prompter or self._loaded_prompter()
            try:
                encode = encode_with(prompter, self._device, should_stop)
                if self._plan is None:
                    return self._cache.encoded(texts, encode=encode)
                return self._cache.encoded(texts, encode=encode, texts_per_call=self._plan.texts)
            finally:
                if self._prompter is None:
                    prompter.fetch_models(None)
                    free_memory()

    def painter(self) -> Painter:
        """The painting networks, loaded when they are first needed.

        Raises:
            OutOfMemory: they do not fit.
        """
        if self._painter is None:
            with fitting("models.memory_unet", self._device):
                unet = self._runtime.unet(device=self._device, precision=self._precision, plan=self._plan)
                decoder = self._runtime.vae_decoder(device=self._device)
            self._painter = Painter(unet, decoder, UnetAdapters(unet))
        return self._painter

    def vae_encoder(self) -> nn.Module:
        """From pictures to latents; a small family keeps it, of a large one it is loaded for whoever asks.

        Raises:
            OutOfMemory: it does not fit.
        """
        if self._vae_encoder is not None:
            return self._vae_encoder
        with fitting("models.memory_vae_encoder", self._device):
            encoder = self._runtime.vae_encoder(device=self._device)
        if self._runtime.is_small:
            self._vae_encoder = encoder
        return encoder

    def _loaded_prompter(self) -> Prompter:
        stays = self._plan is not None and self._plan.encoder == "resident"
        if not stays:
            self._painter = None
            free_memory()
        prompter = self._runtime.prompter(device=self._device, precision=self._precision, plan=self._plan)
        if stays:
            self._prompter = prompter
        return prompter

    def leave_prompter(self) -> None:
        """Let a text encoder go that stayed beside the U-Net."""
        if self._prompter is not None:
            self._prompter.fetch_models(None)
            self._prompter = None
            free_memory()


def _not_needed(texts: Sequence[str]) -> Sequence[EncodedPrompt]:
    raise KeyError(texts)  # the cache was asked just now
