"""The frozen model that a LoRA is trained for: its parts come one after the other, and leave before the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

from story_engine.catalog.families import family_of
from story_engine.catalog.published import files_missing
from story_engine.domain.family import Family
from story_engine.domain.memory_plan import MemoryPlan
from story_engine.inference.out_of_memory import fitting
from story_engine.inference.runtime import Encode, Runtime, encode_with, free_memory, open_runtime
from story_engine.store.layout import Layout


@dataclass(frozen=True, slots=True)
class Base:
    """What a training needs of a family."""

    family: Family
    precision: str
    """Of the U-Net: a key of `PRECISIONS`."""
    device: str
    runtime: Runtime
    plan: MemoryPlan | None = None
    """What of a large model is on the device at one time."""

    @contextmanager
    def text_encoder(self) -> Iterator[Encode]:
        """The text encoder, in memory as long as the context lasts."""
        with fitting("models.memory_captions", self.device):
            prompter = self.runtime.prompter(device=self.device, precision=self.precision, plan=self.plan)
            encode = encode_with(prompter, self.device)
            try:
                yield encode
            finally:
                prompter.fetch_models(None)  # the caller's name still holds the function
                free_memory()

    @contextmanager
    def vae_encoder(self) -> Iterator[nn.Module]:
        """Pictures in -1…1 to scaled latents, float32, in memory as long as the context lasts."""
        with fitting("models.memory_pictures", self.device):
            yield from _while_needed(lambda: self.runtime.vae_encoder(device=self.device))

    @contextmanager
    def vae_decoder(self) -> Iterator[nn.Module]:
        """Latents to pictures, float32."""
        yield from _while_needed(lambda: self.runtime.vae_decoder(device=self.device))

    def unet(self) -> nn.Module:
        """A U-Net of its own, frozen."""
        with fitting("models.memory_unet", self.device):
            unet = self.runtime.unet_for_training(device=self.device, precision=self.precision, plan=self.plan)
        free_memory()
        return unet


def open_base(
    layout: Layout, name: str, *, precision: str, device: str, plan: Callable[[Family], MemoryPlan | None] | None = None
) -> Base:
    """The base of a family.

    Args:
        layout: where the weights lie.
        name: of the family.
        precision: asked for.
        device: "cpu" or "cuda…".
        plan: what of it is to be on the device at one time; None: all of each network.

    Raises:
        ChooseAnother: there is no such family.
        InstallOrDownload: its weights are missing or damaged.
    """
    family = family_of(layout, name)
    if not family.weights_hash:
        raise files_missing(layout, name)
    runtime = open_runtime(layout, name)
    settled = settled_precision(precision, device, is_small=runtime.is_small)
    return Base(family, settled, device, runtime, plan(family) if plan else None)


def settled_precision(asked: str, device: str, *, is_small: bool) -> str:
    """The precision of the frozen base on this device.

    The CPU has no float16 to speak of, and bfloat16 only where its instructions know it: elsewhere it is emulated, and
    many times slower. On a GPU a small model gains nothing by anything but float32.
    """
    if not device.startswith("cuda"):
        return "bfloat16" if asked == "bfloat16" and _knows_bfloat16() else "float32"
    if asked != "auto":
        return asked
    if is_small:
        return "float32"
    return "bfloat16" if torch.cuda.is_bf16_supported() else "float16"


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
