"""Where a training computes: on every GPU that is there, one process each, else on the CPU. Its code is the same."""

from __future__ import annotations

import torch
from torch import nn

from story_engine.preview_model.acceleration import accelerate

CPU = torch.device("cpu")


def processes_for(asked: int) -> int:
    """As many as there are GPUs; without one, as many as `asked`."""
    return torch.cuda.device_count() or asked


def device_of(process: int) -> torch.device:
    """The device of a training's `process`."""
    return torch.device("cuda", process) if torch.cuda.is_available() else CPU


def at_home(network: nn.Module, device: torch.device) -> None:
    """Bring a network to its device, into the form in which it trains fastest there; for nothing but training."""
    if device.type == "cpu":
        accelerate(network)
    else:
        network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]


def device_with(network: nn.Module) -> torch.device:
    """Where the network is."""
    return next(network.parameters()).device
