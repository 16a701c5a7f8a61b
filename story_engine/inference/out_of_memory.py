"""Memory that does not suffice, told of the part of the work that did not fit: what helps differs from part to part."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from story_engine.errors import OutOfMemory

_WORDS = ("can't allocate memory", "CUDA error: out of memory", "STATUS_ALLOC_FAILED")
"""Of torch on the CPU, of the driver past torch's own allocator, of cuBLAS and cuDNN."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether this is how torch, the driver or Python say so; not all of them have a class for it."""
    is_reported = isinstance(error, RuntimeError) and any(words in str(error) for words in _WORDS)
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or is_reported


@contextmanager
def fitting(code: str, device: str, **values: object) -> Iterator[None]:
    """Work on one part on a device.

    Args:
        code: of the message that says what did not fit, and what helps there.
        device: "cpu" or "cuda".
        values: of the message, besides the device.

    Raises:
        OutOfMemory: it does not fit.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise OutOfMemory(code, device=_shown(device), **values) from error


def _shown(device: str) -> str:
    if not device.startswith("cuda"):
        return "CPU"
    return f"GPU, {torch.cuda.mem_get_info()[1] / 2**30:.0f} GiB"
