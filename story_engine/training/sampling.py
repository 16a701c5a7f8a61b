"""Sample pictures of a training, by the same denoising loop that paints panels."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from story_engine.domain.family import LATENT_CHANNELS, PIXELS_PER_LATENT, Family
from story_engine.domain.guidance import EVERYWHERE, LARGEST_NOISE, Guidance
from story_engine.domain.training import TrainingSpec
from story_engine.domain.training_prior import content_of_sample
from story_engine.errors import Cancelled, LookAtLog
from story_engine.inference.denoising import PictureInputs, denoise
from story_engine.inference.encoding import EMPTY_PROMPT, EncodedPrompt
from story_engine.inference.samplers import build_sampler
from story_engine.store.atomic import write_bytes
from story_engine.training.base import Base

WEAKER = 0.7
"""Strength at which the last samples are painted a second time: often enough style, and more of the content."""
_ROWS_PER_CALL = 8


def samples_folder(run: Path, step: int, strength: float = 1.0) -> Path:
    """Where the samples of a step lie; those at full strength where they lay before there were others."""
    folder = run / "samples" / str(step)
    return folder if strength == 1 else folder / f"at_{strength:g}"


def sample_texts(spec: TrainingSpec, family: Family) -> tuple[str, ...]:
    """Every text that the samples and their adherence need encoded."""
    texts = tuple(
        text
        for sample in spec.sample_prompts
        for text in (sample.prompt, sample.negative, content_of_sample(spec, sample))
    )
    needs_empty = texts and guidance_and_steps(spec, family)[0].negative_below < LARGEST_NOISE
    return (*texts, EMPTY_PROMPT) if needs_empty else texts


def guidance_and_steps(spec: TrainingSpec, family: Family) -> tuple[Guidance, int]:
    """How a sample is guided, and in how many steps it is painted."""
    usual = family.by_noise if spec.samples_as_stories else None
    if usual is None or not usual.is_usual:
        return EVERYWHERE, spec.sample_steps or family.steps
    return usual.levels, spec.sample_steps or usual.steps


def paint_samples(
    unet: nn.Module,
    base: Base,
    spec: TrainingSpec,
    encoded: Mapping[str, EncodedPrompt],
    folder: Path,
    *,
    side: int,
    on_step: Callable[[int, int], None],
    should_stop: Callable[[], bool],
) -> dict[int, torch.Tensor]:
    """Paint every sample prompt as the U-Net is now, into `folder`/<n>.png; pictures that are there stay.

    The caller has put the U-Net into evaluation mode, and the adapter in or out.

    Returns:
        Number → latents (4, height/8, width/8) of what was painted.

    Raises:
        Cancelled: `should_stop` said so.
        Wait: the disk is full.
        LookAtLog: what was painted is no picture.
    """
    missing = [number for number in range(len(spec.sample_prompts)) if not (folder / f"{number}.png").is_file()]
    if not missing:
        return {}
    guidance, steps = guidance_and_steps(spec, base.family)
    together = max(1, _ROWS_PER_CALL // 2 * 256 * 256 // (side * side))
    pictures: dict[int, torch.Tensor] = {}
    for start in range(0, len(missing), together):
        some = missing[start : start + together]
        latents = denoise(
            unet,
            [_inputs(spec, number, encoded, base.family.cfg_scale, side) for number in some],
            build_sampler(base.family.sampler, steps),
            rows_per_call=max(2, _ROWS_PER_CALL * 256 * 256 // (side * side)),
            on_step=partial(_stepped, on_step, start * steps, len(some), len(missing) * steps),
            should_stop=should_stop,
            guidance=guidance,
        )
        pictures |= dict(zip(some, latents.float(), strict=True))
    with base.vae_decoder() as decoder:
        for number, latents in pictures.items():
            if should_stop():
                raise Cancelled("training.stopped")
            write_bytes(folder / f"{number}.png", _png(decoder, latents))
    return pictures


def _stepped(on_step: Callable[[int, int], None], before: int, together: int, total: int, step: int, _: object) -> None:
    on_step(before + step * together, total)


def _inputs(
    spec: TrainingSpec, number: int, encoded: Mapping[str, EncodedPrompt], cfg_scale: float, side: int
) -> PictureInputs:
    sample = spec.sample_prompts[number]
    shape = (1, LATENT_CHANNELS, side // PIXELS_PER_LATENT, side // PIXELS_PER_LATENT)
    # As `inference.noise.starting_noise`: the picture that a story paints from this seed.
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(sample.seed))
    return PictureInputs(
        noise=noise,
        prompt=encoded[sample.prompt],
        negative=encoded[sample.negative],
        cfg_scale=cfg_scale,
        empty=encoded.get(EMPTY_PROMPT),
    )


def _png(decoder: nn.Module, latents: torch.Tensor) -> bytes:
    with torch.inference_mode():
        decoded = decoder(latents[None])[0].float().cpu()
    if not torch.isfinite(decoded).all():
        raise LookAtLog("models.not_finite", part="U-Net" if not torch.isfinite(latents).all() else "VAE")
    pixels = ((decoded.permute(1, 2, 0).numpy() / 2 + 0.5).clip(0, 1) * 255).astype(np.uint8)
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


def has_all(folder: Path, spec: TrainingSpec) -> bool:
    """Whether every sample of a step is there."""
    return all((folder / f"{number}.png").is_file() for number in range(len(spec.sample_prompts)))
