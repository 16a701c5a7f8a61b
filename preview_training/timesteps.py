"""Which timesteps the preview model is trained at, and how much each counts."""

from __future__ import annotations

import torch

from story_engine.domain.family import TIMESTEPS
from story_engine.inference.noise_schedule import signal_shares

_LARGEST_WEIGHT = 20.0


def loss_weights(timesteps: torch.Tensor) -> torch.Tensor:
    """Weight of each noise error, (batch,): as if velocity were predicted, limited where little signal is left.

    Source: Salimans and Ho 2022, "Progressive Distillation", appendix D: velocity error = noise error times
    (1 + SNR) / SNR. Without the limit, the last timesteps would count 800 times as much as the first.
    """
    share = signal_shares()[timesteps]
    ratio = share / (1 - share)
    return (1 + ratio) / (ratio + 1 / _LARGEST_WEIGHT)


def spread_timesteps(count: int, generator: torch.Generator) -> torch.Tensor:
    """`count` timesteps, one from each of as many equal parts of the schedule, in random order."""
    places = (torch.arange(count) + torch.rand(count, generator=generator)) / count
    return (places * TIMESTEPS).long()[torch.randperm(count, generator=generator)]
