"""Tensors of one file, whichever of the two published kinds it is. Nothing in a file is ever run."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from story_engine.errors import InstallOrDownload
from story_engine.inference.out_of_memory import is_out_of_memory

Tensors = dict[str, torch.Tensor]


def tensors_of(path: Path) -> Tensors:
    """All tensors of a `.safetensors` or `.bin` file by name, as they are on disk, mapped into memory.

    Raises:
        InstallOrDownload: it is missing or damaged.
    """
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, framework="pt") as file:
                return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
        return dict(torch.load(path, map_location="cpu", weights_only=True, mmap=True))
    except (OSError, SafetensorError, RuntimeError, pickle.UnpicklingError, ValueError, AttributeError) as error:
        if is_out_of_memory(error):
            raise
        raise InstallOrDownload("models.weights_damaged", file=str(path), reason=str(error)[:300]) from error
