"""The networks of a model family, for painting and for training alike: what a family's `runtime.py` has to give."""

from __future__ import annotations

import ctypes
import gc
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import nn

from story_engine.catalog.families import description
from story_engine.domain.contest import Adherence
from story_engine.domain.family import FAMILY_FOLDERS
from story_engine.domain.memory_plan import MemoryPlan
from story_engine.errors import Cancelled
from story_engine.inference.encoding import EncodedPrompt
from story_engine.store.layout import Layout

PRECISIONS = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
Encode = Callable[[Sequence[str]], Sequence[EncodedPrompt]]
"""From texts to what the U-Net is given."""


class Prompter(Protocol):
    """DiffSynth's `KolorsPrompter`, or one like it."""

    def encode_prompt(self, prompt: list[str], *, device: str) -> tuple[torch.Tensor, torch.Tensor]:
        """(pooled, embedding) of each prompt."""
        ...

    def fetch_models(self, text_encoder: nn.Module | None = None) -> None:
        """Take another text encoder, or let the one go that it has."""
        ...


class PromptJudge(Protocol):
    """Reads pictures before they are decoded, or finished."""

    def reads(self, prompt: str) -> bool:
        """Whether the prompt asks for anything that it knows."""
        ...

    def adherence(self, latents: torch.Tensor, prompt: str) -> Sequence[Adherence]:
        """How much of a prompt that it reads each picture shows, of (pictures, 4, height/8, width/8)."""
        ...


class Runtime(Protocol):
    """Loads each network of one family on its own, so that they can take turns in memory.

    A network that is not used any more is let go by whoever asked for it. Everything raises `InstallOrDownload` where a
    file is missing or damaged.
    """

    is_small: bool
    """So small that everything stays in memory and float32 costs nothing."""

    def prompter(self, *, device: str, precision: str, plan: MemoryPlan | None = None) -> Prompter:
        """The text encoder; all of it, or what the plan has on the device."""
        ...

    def unet(self, *, device: str, precision: str, plan: MemoryPlan | None = None) -> nn.Module:
        """DiffSynth's SDXLUNet or one of its blocks, frozen; all of it, or what the plan has on the device."""
        ...

    def unet_for_training(self, *, device: str, precision: str, plan: MemoryPlan | None = None) -> nn.Module:
        """The same for nothing but training: its passes may be other, faster ones."""
        ...

    def vae_encoder(self, *, device: str) -> nn.Module:
        """Pictures in -1…1 to scaled latents, float32."""
        ...

    def vae_decoder(self, *, device: str) -> nn.Module:
        """Latents to pictures, float32."""
        ...

    def prompt_judge(self) -> PromptJudge | None:
        """Who reads in latents how much of its prompt a picture shows; None where the family has nobody."""
        ...


def open_runtime(layout: Layout, family: str, *, is_inpainting: bool = False) -> Runtime:
    """The networks of a family; nothing is loaded yet.

    Args:
        layout: where their files lie.
        family: by name.
        is_inpainting: whether its U-Net is to be the one for inpainting, which has nine input channels.

    Raises:
        ChooseAnother: there is no such family.
    """
    found = description(family)
    folders = [found.package.folder(layout)]
    if is_inpainting:
        assert found.inpainting is not None  # `check_recipe` has looked
        folders.append(found.inpainting.folder(layout))
    runtime: Runtime = importlib.import_module(f"{FAMILY_FOLDERS[family]}.runtime").open_runtime(*folders)
    return runtime


def encode_with(prompter: Prompter, device: str, should_stop: Callable[[], bool] = lambda: False) -> Encode:
    """A function from texts to encoded prompts on the CPU, in the encoder's precision.

    It raises `Cancelled` when `should_stop` says so.
    """

    def encode(texts: Sequence[str]) -> list[EncodedPrompt]:
        if should_stop():
            raise Cancelled("models.cancelled")
        with torch.inference_mode():
            pooled, embedding = prompter.encode_prompt(list(texts), device=device)
        both = zip(embedding.cpu(), pooled.cpu(), strict=True)
        return [EncodedPrompt(one.clone(), last.clone()) for one, last in both]

    return encode


def free_memory() -> None:
    """Give memory of networks that are gone back to the device, and to the system."""
    gc.collect()
    if sys.platform == "linux":  # glibc keeps what was freed in small pieces
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def usual_threads() -> int:
    """One per core that this process may use; the preview model gains nothing from more than four."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, 4)
