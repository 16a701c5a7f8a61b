"""How much of its prompt a sample picture shows, as the base model itself sees it: the same for every family.

Whoever predicts noise does it better knowing what the picture shows. So a sample is noised again, and the share of
the error that its prompt takes away says how much of the prompt is in the picture. Source: Li et al. 2023, "Your
Diffusion Model is Secretly a Zero-Shot Classifier", arXiv:2303.16203.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from story_engine.domain.family import PIXELS_PER_LATENT
from story_engine.domain.run import prompts_kept_percent
from story_engine.inference.encoding import EncodedPrompt
from story_engine.store.atomic import write_bytes
from story_engine.training.loss import add_noise, noise_errors
from story_engine.training.randomness import generator

FILE = "adherence.json"
_CONTENT_WANTED = 85
"""Percent of the base's; with more, full strength loses nothing that anyone would miss."""
_TIMESTEPS = (350, 550, 750)
"""Of 1100: where composition and subject are decided. Below, the picture itself tells all; above, nothing does."""


@torch.inference_mode()
def adherence(unet: nn.Module, latents: torch.Tensor, prompt: EncodedPrompt, empty: EncodedPrompt) -> float:
    """Share of the noise error that the prompt takes away: 0 where it says nothing about the picture.

    Args:
        unet: of the base, without any LoRA, in evaluation mode.
        latents: (4, height/8, width/8) of the picture, scaled as the U-Net knows them.
        prompt: what was asked for.
        empty: the empty prompt.
    """
    device, dtype = next(unet.parameters()).device, next(unet.parameters()).dtype
    count = len(_TIMESTEPS)
    timesteps = torch.tensor(_TIMESTEPS)
    noise = torch.randn(count, *latents.shape, generator=generator(0, "adherence"))
    noisy = add_noise(latents.float().cpu().expand_as(noise), noise, timesteps).to(device, dtype)
    height, width = (side * PIXELS_PER_LATENT for side in latents.shape[1:])
    sizes = torch.tensor([height, width, 0, 0, height, width] * count, device=device)
    errors = []
    for text in (prompt, empty):
        embedding = text.embedding.expand(count, -1, -1).to(device, dtype)
        pooled = text.pooled.expand(count, -1).to(device, dtype)
        predicted = unet(noisy, timesteps.to(device, torch.float32), embedding, sizes, pooled)
        errors.append(noise_errors(predicted.cpu(), noise))
    prompted, unprompted = errors
    return float((1 - prompted / unprompted.clamp(min=1e-9)).mean())


def content_falls(run: Path, step: int) -> bool:
    """Whether the samples of a step show less of their prompts than the base's, so that a weaker LoRA is worth a look.

    Read from disk, so that all processes of a training say the same.
    """
    base, found = (list(read_adherence(run / "samples" / str(each)).values()) for each in (0, step))
    if not (base and found):
        return False
    kept = prompts_kept_percent(sum(found) / len(found), base=sum(base) / len(base))
    return kept is not None and kept < _CONTENT_WANTED


def write_adherence(folder: Path, values: Mapping[int, float]) -> None:
    """Add the values of some samples of a step to what its folder knows."""
    known = read_adherence(folder) | dict(values)
    write_bytes(folder / FILE, json.dumps({str(number): value for number, value in known.items()}).encode())


def read_adherence(folder: Path) -> dict[int, float]:
    """Number of the sample → its value; nothing where none were worked out."""
    try:
        content = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return {int(number): float(value) for number, value in content.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
