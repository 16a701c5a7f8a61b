"""The denoising loop: several pictures at once, prompts and negatives in one call, watched and stopped at each step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import nn

from story_engine.domain.family import PIXELS_PER_LATENT
from story_engine.errors import Cancelled
from story_engine.inference.encoding import EncodedPrompt
from story_engine.inference.samplers import Sampler


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureInputs:
    """What one picture of a batch is painted from."""

    noise: torch.Tensor
    """(1, 4, height/8, width/8). The latents keep its dtype through the whole run."""
    prompt: EncodedPrompt
    negative: EncodedPrompt
    cfg_scale: float


Denoised = Callable[[], torch.Tensor]
"""The finished latents of the batch as denoised at this step, computed only when called."""


def denoise(
    unet: nn.Module,
    pictures: Sequence[PictureInputs],
    sampler: Sampler,
    *,
    rows_per_call: int,
    on_step: Callable[[int, Denoised], None],
    should_stop: Callable[[], bool],
) -> torch.Tensor:
    """Denoise pictures of one size together.

    Args:
        unet: DiffSynth's SDXLUNet of a Kolors family.
        pictures: all of one size.
        sampler: a fresh one.
        rows_per_call: latents that go through the network together; a picture has two rows, one without guidance.
        on_step: called after each step with the number of steps done.
        should_stop: asked before each call of the network.

    Returns:
        (pictures, 4, height/8, width/8) in the noise's dtype, on the network's device.

    Raises:
        Cancelled: `should_stop` said so.
    """
    parameter = next(unet.parameters())
    latents = torch.cat([each.noise.to(parameter.device) for each in pictures])
    rows = _Rows.of(pictures, parameter)
    with torch.inference_mode():
        for index, timestep in enumerate(sampler.timesteps):
            given = torch.tensor([timestep], dtype=torch.float32, device=parameter.device)
            predicted = rows.predicted(unet, latents, given, rows_per_call=rows_per_call, should_stop=should_stop)
            noise = _guided(predicted, [each.cfg_scale for each in pictures], guided=rows.guided)
            denoised = partial(sampler.denoised, noise, index, latents)
            latents = sampler.step(noise, index, latents)
            on_step(index + 1, denoised)
    return latents


@dataclass(frozen=True, slots=True)
class _Rows:
    """The batch as the network sees it: all prompts, then all negatives (those only where guidance needs them)."""

    embeddings: torch.Tensor
    pooled: torch.Tensor
    guided: bool

    @classmethod
    def of(cls, pictures: Sequence[PictureInputs], parameter: torch.Tensor) -> _Rows:
        # Guidance 1 is the prompt's own prediction: DiffSynth leaves the second pass out too.
        guided = any(each.cfg_scale != 1 for each in pictures)
        prompts = [each.prompt for each in pictures] + ([each.negative for each in pictures] if guided else [])
        return cls(
            torch.stack([prompt.embedding for prompt in prompts]).to(parameter.device, parameter.dtype),
            torch.stack([prompt.pooled for prompt in prompts]).to(parameter.device, parameter.dtype),
            guided,
        )

    def predicted(
        self,
        unet: nn.Module,
        latents: torch.Tensor,
        timestep: torch.Tensor,
        *,
        rows_per_call: int,
        should_stop: Callable[[], bool],
    ) -> torch.Tensor:
        """(rows, 4, height/8, width/8): predicted noise in the latents' dtype."""
        height, width = (side * PIXELS_PER_LATENT for side in latents.shape[-2:])
        # As DiffSynth: original size, no crop, target size. Source: pipelines/sdxl_image.py, `prepare_extra_input`.
        sizes = torch.tensor([height, width, 0, 0, height, width], device=latents.device)
        samples = latents.to(self.embeddings.dtype).repeat(2 if self.guided else 1, 1, 1, 1)
        parts: list[torch.Tensor] = []
        for start in range(0, len(samples), rows_per_call):
            if should_stop():
                raise Cancelled("models.cancelled")
            some = slice(start, start + rows_per_call)
            sample = samples[some]
            parts.append(unet(sample, timestep, self.embeddings[some], sizes.repeat(len(sample)), self.pooled[some]))
        return torch.cat(parts).to(latents.dtype)


def _guided(predicted: torch.Tensor, scales: Sequence[float], *, guided: bool) -> torch.Tensor:
    """Classifier-free guidance, unprompted + scale · (prompted - unprompted). Source: arXiv:2207.12598, equation 6.

    A scale is a number, as in DiffSynth: as a tensor in half precision it would be rounded first.
    """
    if not guided:
        return predicted
    pairs = zip(*predicted.chunk(2), scales, strict=True)
    return torch.stack([unprompted + scale * (prompted - unprompted) for prompted, unprompted, scale in pairs])
