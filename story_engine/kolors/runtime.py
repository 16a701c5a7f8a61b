"""Kolors' networks, one after the other: in float16 the text encoder takes 11.1 GiB and the U-Net 4.8 GiB."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from diffsynth.prompters import KolorsPrompter
from torch import nn

from story_engine.catalog.kolors_adapters import INPAINTING
from story_engine.domain.memory_plan import MemoryPlan
from story_engine.inference.runtime import PRECISIONS
from story_engine.kolors.networks import load_text_encoder, load_unet, load_vae_decoder, load_vae_encoder


@dataclass(frozen=True, slots=True)
class KolorsRuntime:
    """As `inference.runtime.Runtime`."""

    folder: Path
    inpainting: Path | None = None
    """A folder of `catalog.kolors_adapters.INPAINTING`, whose U-Net paints instead; None: Kolors' own does."""
    is_small: ClassVar[bool] = False

    def prompter(self, *, device: str, precision: str, plan: MemoryPlan | None = None) -> KolorsPrompter:
        """The text encoder."""
        is_brought = plan is not None and plan.encoder == "brought"
        dtype = PRECISIONS[precision]
        prompter = KolorsPrompter()
        prompter.fetch_models(load_text_encoder(self.folder, device=device, dtype=dtype, is_brought=is_brought))
        return prompter

    def unet(self, *, device: str, precision: str, plan: MemoryPlan | None = None) -> nn.Module:
        """The U-Net, frozen."""
        dtype = PRECISIONS[precision]
        if self.inpainting is not None:
            return load_unet(self.inpainting, device=device, dtype=dtype, plan=plan, package=INPAINTING)
        return load_unet(self.folder, device=device, dtype=dtype, plan=plan)

    def unet_for_training(self, *, device: str, precision: str, plan: MemoryPlan | None = None) -> nn.Module:
        """The same one."""
        return self.unet(device=device, precision=precision, plan=plan)

    def vae_encoder(self, *, device: str) -> nn.Module:
        """Float32: in half precision Kolors' own VAE overflows."""
        return load_vae_encoder(self.folder, device=device)

    def vae_decoder(self, *, device: str) -> nn.Module:
        """Float32, as the encoder."""
        return load_vae_decoder(self.folder, device=device)

    def prompt_judge(self) -> None:
        """Nobody: what reads text and pictures of any kind is as large as a model, and is not here."""


def open_runtime(folder: Path, inpainting: Path | None = None) -> KolorsRuntime:
    """The networks in a folder of `family.KOLORS`, and the U-Net in one of its package for inpainting."""
    return KolorsRuntime(folder, inpainting)
