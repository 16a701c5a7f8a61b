"""Its networks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from torch import nn

from story_engine.domain.memory_plan import MemoryPlan
from story_engine.preview_model.prompts import PreviewPrompter
from story_engine.preview_model.weights import load_preview


@dataclass(frozen=True, slots=True)
class ThirdRuntime:
    """As `inference.runtime.Runtime`; large, so that its networks take turns."""

    folder: Path
    is_small: ClassVar[bool] = False

    def prompter(self, *, device: str, precision: str, plan: MemoryPlan | None = None) -> PreviewPrompter:
        prompter = PreviewPrompter(32)
        prompter.fetch_models(load_preview(self.folder).text_encoder.to(device))
        return prompter

    def unet(self, *, device: str, precision: str, plan: MemoryPlan | None = None) -> nn.Module:
        return load_preview(self.folder).unet

    def unet_for_training(self, *, device: str, precision: str, plan: MemoryPlan | None = None) -> nn.Module:
        return load_preview(self.folder).unet

    def vae_encoder(self, *, device: str) -> nn.Module:
        return load_preview(self.folder).vae_encoder

    def vae_decoder(self, *, device: str) -> nn.Module:
        return load_preview(self.folder).vae_decoder

    def prompt_judge(self) -> None:
        """Nobody reads its latents."""


def open_runtime(folder: Path) -> ThirdRuntime:
    return ThirdRuntime(folder)
