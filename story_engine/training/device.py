"""The device of a training: what it computes with, in which precision, and how much memory it holds."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta

import psutil
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import InitProcessGroupKwargs

from story_engine.domain.family import Family
from story_engine.domain.memory_plan import MemoryPlan
from story_engine.domain.training import TrainingSpec
from story_engine.domain.training_cost import memory_of
from story_engine.inference.device_memory import DeviceMemory
from story_engine.inference.runtime import open_runtime
from story_engine.store.layout import Layout
from story_engine.training.base import settled_precision

_PATIENCE = timedelta(days=1)
"""The first process encodes, saves and samples alone; the others wait for it, however long a dataset is."""
_MIXED = {"float32": "no", "float16": "fp16", "bfloat16": "bf16"}


def open_accelerator(layout: Layout, spec: TrainingSpec) -> Accelerator:
    """Device, precision, accumulation and the other processes, if this is one of several."""
    is_gpu = torch.cuda.is_available()
    if "WORLD_SIZE" not in os.environ:
        # A child that trained another run before: accelerate keeps its settings per process.
        AcceleratorState._reset_state(reset_partial_state=True)
    runtime = open_runtime(layout, spec.family)
    settled = settled_precision(spec.precision, "cuda" if is_gpu else "cpu", is_small=runtime.is_small)
    return Accelerator(
        cpu=not is_gpu,
        mixed_precision=_MIXED[settled],
        gradient_accumulation_steps=spec.gradient_accumulation_steps,
        kwargs_handlers=[InitProcessGroupKwargs(timeout=_PATIENCE)],
    )


def planned(spec: TrainingSpec, accelerator: Accelerator) -> Callable[[Family], MemoryPlan | None]:
    """What of a large model is on the device at one time while this is trained, from what is free there.

    Weights wait in main memory only in a training of one process: several exchange the whole model.
    """
    device = str(accelerator.device)

    def plan(family: Family) -> MemoryPlan | None:
        free = DeviceMemory(device).free_bytes()
        memory = memory_of(spec, family, available_bytes=int(free), is_gpu=accelerator.device.type == "cuda")
        brought = memory.brought if accelerator.num_processes == 1 else 0.0
        if not (memory.is_encoder_brought or brought):
            return None
        return MemoryPlan(
            encoder="brought" if memory.is_encoder_brought else "staged",
            unet="brought" if brought else "resident",
            brought=brought,
            rows=2,
            decoding="whole",
            encoding_bytes=memory.needed_bytes,
            denoising_bytes=memory.needed_bytes,
            decoding_bytes=memory.needed_bytes,
        )

    return plan


def memory_mb(device: torch.device) -> float:
    """The most that the GPU has held so far, or what the process holds now, in MB (10^6 bytes)."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e6
    return float(psutil.Process().memory_info().rss) / 1e6
