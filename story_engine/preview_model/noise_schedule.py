"""The Kolors noise schedule as tensors, and how much each timestep counts in training."""

from __future__ import annotations

from functools import cache

import torch
from diffsynth.schedulers import EnhancedDDIMScheduler

TIMESTEPS = 1100
_LARGEST_WEIGHT = 20.0


def kolors_schedule() -> EnhancedDDIMScheduler:
    """DDIM with Kolors' noise. Source: diffsynth 1.1.9, pipelines/sdxl_image.py, `fetch_models`."""
    return EnhancedDDIMScheduler(beta_end=0.014, num_train_timesteps=TIMESTEPS)


@cache
def signal_shares() -> torch.Tensor:
    """Share of the picture's variance left at each timestep (alpha bar), (1100,), float32."""
    return torch.tensor(kolors_schedule().alphas_cumprod)


def add_noise(latents: torch.Tensor, noise: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
    """Latents at their own timestep each, (batch, 4, height, width); `timesteps`: (batch,), integer."""
    share = signal_shares()[timesteps][:, None, None, None]
    return share.sqrt() * latents + (1 - share).sqrt() * noise


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
