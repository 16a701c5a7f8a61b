"""Tensors of one file, whichever of the two published kinds it is. Nothing in a file is ever run."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from story_engine.errors import InstallOrDownload
from story_engine.inference.out_of_memory import is_out_of_memory

Tensors = dict[str, torch.Tensor]
_ALIGNED = 64
"""Bytes: what torch allocates on the CPU begins at a multiple of them."""


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


def placed(
    tensor: torch.Tensor,
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = None,
    *,
    non_blocking: bool = False,
) -> torch.Tensor:
    """A tensor of a file where it computes, and what is on the CPU at an address as torch's own have.

    Where a file's tensors lie hangs on the length of its header, and from odd addresses some processors sum in another
    order (seen on AMD EPYC 9005 with torch 2.14.1): the same weights out of another file would paint other last bits.

    Args:
        tensor: as it is in its file.
        device: where it computes.
        dtype: what it computes in; left out, as it is.
        non_blocking: whoever asks waits for the copy.
    """
    there = tensor.to(device, dtype or tensor.dtype, non_blocking=non_blocking)
    is_odd = there.device.type == "cpu" and there.data_ptr() % _ALIGNED != 0
    return there.clone() if is_odd else there
