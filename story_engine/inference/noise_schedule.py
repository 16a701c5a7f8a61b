"""The noise schedule that Kolors was trained with, and every family here after it."""

from __future__ import annotations

from functools import cache

import torch
from diffsynth.schedulers import EnhancedDDIMScheduler

from story_engine.domain.family import TIMESTEPS

_BETA_END = 0.014


def kolors_schedule() -> EnhancedDDIMScheduler:
    """DDIM with Kolors' noise. Source: diffsynth 1.1.9, pipelines/sdxl_image.py, `fetch_models`."""
    return EnhancedDDIMScheduler(beta_end=_BETA_END, num_train_timesteps=TIMESTEPS)


@cache
def signal_shares() -> torch.Tensor:
    """Share of the picture's variance left at each timestep (alpha bar), (1100,), float32."""
    return torch.tensor(kolors_schedule().alphas_cumprod)


def add_noise(latents: torch.Tensor, noise: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
    """Latents at their own timestep each, (batch, 4, height, width); `timesteps`: (batch,), integer."""
    share = signal_shares()[timesteps][:, None, None, None]
    return share.sqrt() * latents + (1 - share).sqrt() * noise
