"""Which numbers of a training are accepted. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from story_engine.domain.family import TIMESTEPS

LIMITS: Mapping[str, tuple[float, float]] = {
    "lora_rank": (1, 256),
    "lora_alpha": (0.01, 1024),
    "max_epochs": (1, 1000),
    "steps_per_epoch": (1, 100_000),
    "crops": (1, 16),
    "batch_size": (1, 64),
    "learning_rate": (1e-7, 0.05),
    "weight_decay": (0, 1),
    "lora_dropout": (0, 0.9),
    "lr_warmup_steps": (0, 10_000),
    "gradient_accumulation_steps": (1, 64),
    "max_grad_norm": (0, 100),
    "min_snr_gamma": (0, 20),
    "noise_offset": (0, 0.5),
    "caption_dropout": (0, 1),
    "min_timestep": (0, TIMESTEPS - 1),
    "max_timestep": (0, TIMESTEPS - 1),
    "prior_weight": (0, 10),
    "prior_pictures": (1, 1000),
    "resolution": (0, 2048),
    "seed": (0, 2**63 - 1),
    "sample_every": (0, 100_000),
    "sample_steps": (0, 200),
    "save_every": (1, 100_000),
    "keep_last": (0, 1000),
    "keep_every": (0, 100_000),
    "processes": (1, 16),
}
"""Field → the smallest and the largest value that is accepted, both included."""
