"""The preview model's networks for painting and for training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch
from torch import nn

from story_engine.domain.memory_plan import MemoryPlan
from story_engine.inference.runtime import PRECISIONS
from story_engine.preview_model.acceleration import accelerate
from story_engine.preview_model.latent_judge import JUDGE_FILE, PromptJudge
from story_engine.preview_model.latent_judge import load as load_judge
from story_engine.preview_model.prompts import PreviewPrompter
from story_engine.preview_model.weights import load_preview


@dataclass(frozen=True, slots=True)
class PreviewRuntime:
    """As `inference.runtime.Runtime`; all networks of a call are read, which takes a tenth of a second."""

    folder: Path
    is_small: ClassVar[bool] = True

    def prompter(self, *, device: str, precision: str, plan: MemoryPlan | None = None) -> PreviewPrompter:
        """The text encoder, in float32 whatever is asked: no prompt takes long."""
        del precision, plan
        parts = load_preview(self.folder)
        prompter = PreviewPrompter(parts.config.prompt_tokens)
        prompter.fetch_models(parts.text_encoder.to(device))
        return prompter

    def unet(self, *, device: str, precision: str, plan: MemoryPlan | None = None) -> nn.Module:
        """The U-Net, frozen."""
        del plan
        unet: nn.Module = load_preview(self.folder).unet
        return unet.to(device, PRECISIONS[precision])

    def unet_for_training(self, *, device: str, precision: str, plan: MemoryPlan | None = None) -> nn.Module:
        """On a CPU in bfloat16, values stay float32 and are rounded as they are used.

        A step takes .6 of the time of float32, and the gradient differs by 0.9 % (measured on the shipped weights, rank
        8, batch 4, AVX-512 with bfloat16).
        """
        del plan
        if precision != "bfloat16" or device != "cpu":
            return self.unet(device=device, precision=precision)
        unet: nn.Module = load_preview(self.folder).unet
        accelerate(unet)
        return unet

    def vae_encoder(self, *, device: str) -> nn.Module:
        """A sixth faster with channels last on a CPU; the U-Net gains nothing by it."""
        return _compact(load_preview(self.folder).vae_encoder, device)

    def vae_decoder(self, *, device: str) -> nn.Module:
        """As the encoder."""
        return _compact(load_preview(self.folder).vae_decoder, device)

    def prompt_judge(self) -> PromptJudge:
        """For the drawn world."""
        return load_judge(JUDGE_FILE)


def open_runtime(folder: Path) -> PreviewRuntime:
    """The networks in a folder of `family.PREVIEW`."""
    return PreviewRuntime(folder)


def _compact(network: nn.Module, device: str) -> nn.Module:
    return network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
