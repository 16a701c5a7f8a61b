"""The frozen model that a LoRA is trained for: its parts come one after the other, and leave before the next."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import torch
from diffsynth.prompters import KolorsPrompter
from torch import nn

from story_engine.catalog.families import families
from story_engine.catalog.published import KOLORS, files_missing, preview_folder
from story_engine.domain.family import Family
from story_engine.errors import ChooseAnother
from story_engine.inference.encoding import EncodedPrompt
from story_engine.inference.noise import PRECISIONS
from story_engine.inference.published_networks import (
    load_text_encoder,
    load_unet,
    load_vae_decoder,
    load_vae_encoder,
)
from story_engine.preview_model.acceleration import accelerate
from story_engine.preview_model.architecture import PreviewParts
from story_engine.preview_model.prompts import PreviewPrompter
from story_engine.preview_model.weights import load_preview
from story_engine.store.layout import Layout

Encode = Callable[[Sequence[str]], Sequence[EncodedPrompt]]


class Base(Protocol):
    """What a training needs of a family."""

    family: Family
    precision: str
    """Of the U-Net: a key of `PRECISIONS`."""

    @contextmanager
    def text_encoder(self) -> Iterator[Encode]:
        """The text encoder, in memory as long as the context lasts."""
        ...

    @contextmanager
    def vae_encoder(self) -> Iterator[nn.Module]:
        """Pictures in -1…1 to scaled latents, float32, in memory as long as the context lasts."""
        ...

    @contextmanager
    def vae_decoder(self) -> Iterator[nn.Module]:
        """Latents to pictures, float32."""
        ...

    def unet(self) -> nn.Module:
        """A U-Net of its own, frozen."""
        ...


def open_base(layout: Layout, name: str, *, precision: str, device: str) -> Base:
    """The base of a family.

    Raises:
        ChooseAnother: there is no such family.
        InstallOrDownload: its weights are missing or damaged.
    """
    known = families(layout)
    if name not in known:
        raise ChooseAnother("models.unknown_family", name=name, listed=", ".join(known))
    family = known[name]
    if not family.weights_hash:
        raise files_missing(layout, name)
    settled = settled_precision(name, precision, device)
    if name == "preview":
        return _PreviewBase(preview_folder(layout), family, settled, device)
    return _KolorsBase(layout.models / KOLORS.folder, family, settled, device)


def settled_precision(family: str, wanted: str, device: str) -> str:
    """The precision of the frozen base on this device.

    The CPU has no float16 to speak of, and bfloat16 only where its instructions know it: elsewhere it is emulated, and
    many times slower. On a GPU the preview model is too small for anything but float32 to be worth it.
    """
    if not device.startswith("cuda"):
        return "bfloat16" if wanted == "bfloat16" and _knows_bfloat16() else "float32"
    if wanted != "auto":
        return wanted
    if family == "preview":
        return "float32"
    return "bfloat16" if torch.cuda.is_bf16_supported() else "float16"


class _PreviewBase:
    def __init__(self, folder: Path, family: Family, precision: str, device: str) -> None:
        self.family, self.precision = family, precision
        self._folder, self._device = folder, device
        self._parts: PreviewParts | None = None

    @contextmanager
    def text_encoder(self) -> Iterator[Encode]:
        parts = load_preview(self._folder)
        prompter = PreviewPrompter(parts.config.prompt_tokens)
        prompter.fetch_models(parts.text_encoder.to(self._device))
        del parts
        try:
            yield _encode_with(prompter, self._device)
        finally:
            prompter.fetch_models(None)
            free_memory()

    @contextmanager
    def vae_encoder(self) -> Iterator[nn.Module]:
        yield from _while_needed(lambda: self._compact(load_preview(self._folder).vae_encoder))

    @contextmanager
    def vae_decoder(self) -> Iterator[nn.Module]:
        yield from _while_needed(lambda: self._compact(load_preview(self._folder).vae_decoder))

    def _compact(self, network: nn.Module) -> nn.Module:
        return network.to(self._device, memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def unet(self) -> nn.Module:
        unet: nn.Module = load_preview(self._folder).unet
        free_memory()
        if self.precision == "bfloat16" and self._device == "cpu":
            # Values stay float32 and are rounded as they are used; a step takes .6 of the time of float32, and the
            # gradient differs by 0.9 % (measured on the shipped weights, rank 8, batch 4, AVX-512 with bfloat16).
            accelerate(unet)
            return unet
        return unet.to(self._device, PRECISIONS[self.precision])


class _KolorsBase:
    def __init__(self, folder: Path, family: Family, precision: str, device: str) -> None:
        self.family, self.precision = family, precision
        self._folder, self._device = folder, device

    @contextmanager
    def text_encoder(self) -> Iterator[Encode]:
        prompter = KolorsPrompter()
        dtype = PRECISIONS[self.precision]
        prompter.fetch_models(load_text_encoder(self._folder, device=self._device, dtype=dtype))
        try:
            yield _encode_with(prompter, self._device)
        finally:
            prompter.fetch_models(None)
            free_memory()

    @contextmanager
    def vae_encoder(self) -> Iterator[nn.Module]:
        yield from _while_needed(lambda: load_vae_encoder(self._folder, device=self._device))

    @contextmanager
    def vae_decoder(self) -> Iterator[nn.Module]:
        yield from _while_needed(lambda: load_vae_decoder(self._folder, device=self._device))

    def unet(self) -> nn.Module:
        return load_unet(self._folder, device=self._device, dtype=PRECISIONS[self.precision])


def free_memory() -> None:
    """Give memory of networks that are gone back to the device, and to the system."""
    gc.collect()
    if sys.platform == "linux":  # glibc keeps what was freed in small pieces; training goes on for long beside it
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _knows_bfloat16() -> bool:
    known = (getattr(torch.cpu, f"_is_{name}_supported", None) for name in ("avx512_bf16", "amx_tile"))
    return any(is_known is not None and is_known() for is_known in known)


def _while_needed(load: Callable[[], nn.Module]) -> Iterator[nn.Module]:
    network = load()
    try:
        yield network
    finally:
        # Moved rather than dropped: the caller's name still holds it.
        network.to("meta")
        free_memory()


def _encode_with(prompter: KolorsPrompter, device: str) -> Encode:
    def encode(texts: Sequence[str]) -> list[EncodedPrompt]:
        with torch.inference_mode():
            pooled, embedding = prompter.encode_prompt(list(texts), device=device)
        both = zip(embedding.cpu(), pooled.cpu(), strict=True)
        return [EncodedPrompt(one.clone(), last.clone()) for one, last in both]

    return encode
