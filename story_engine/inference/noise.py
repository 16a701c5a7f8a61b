"""The noise that a picture starts from."""

from __future__ import annotations

import math

import torch

from story_engine.domain.family import LATENT_CHANNELS, PIXELS_PER_LATENT
from story_engine.domain.recipe import Recipe
from story_engine.errors import ChooseAnother
from story_engine.inference.runtime import PRECISIONS

_DEVICE_PREFIX = "device:"


def starting_noise(recipe: Recipe) -> torch.Tensor:
    """The noise of `recipe`, (1, 4, height/8, width/8), where it was drawn.

    "cpu": float32 from the CPU's generator, so that one seed is one picture on every device. "device:<type>": what
    `torch.manual_seed(seed); pipe(...)` draws there: the default generator's first numbers in the pipeline's precision
    (a fresh generator with the same seed draws the same, and leaves the default one alone).

    Source: diffsynth 1.1.9, pipelines/base.py, `generate_noise` with `seed=None`.

    Raises:
        ChooseAnother: the recipe's noise comes from a device that this machine does not have.
    """
    device, precision = "cpu", torch.float32
    if recipe.noise.startswith(_DEVICE_PREFIX):
        device, precision = recipe.noise.removeprefix(_DEVICE_PREFIX), PRECISIONS[recipe.precision]
    if device == "cuda" and not torch.cuda.is_available():
        raise ChooseAnother("models.noise_elsewhere", noise=recipe.noise, device=device)
    shape = (1, LATENT_CHANNELS, recipe.height // PIXELS_PER_LATENT, recipe.width // PIXELS_PER_LATENT)
    generator = torch.Generator(device).manual_seed(recipe.seed)
    return torch.randn(shape, generator=generator, device=device, dtype=precision)


def noised(latents: torch.Tensor, noise: torch.Tensor, level: float) -> torch.Tensor:
    """Latents with noise of level σ (per signal), (x₀ + σ·ε) / √(1+σ²), in the noise's device and dtype."""
    signal = 1 / math.sqrt(1 + level * level)
    return signal * latents.to(noise.device, noise.dtype) + signal * level * noise
