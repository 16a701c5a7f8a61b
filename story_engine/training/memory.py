"""How much memory this process holds."""

from __future__ import annotations

import psutil
import torch


def memory_mb(device: torch.device) -> float:
    """The most that the GPU has held so far, or what the process holds now, in MB (10^6 bytes)."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e6
    return float(psutil.Process().memory_info().rss) / 1e6
