"""How long a training will take on this machine: a few real steps on noise, with the run's own settings."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from story_engine.domain.family import LATENT_CHANNELS, PIXELS_PER_LATENT
from story_engine.domain.training import TrainingSpec
from story_engine.domain.training_prior import class_pictures
from story_engine.inference.encoding import EncodedPrompt
from story_engine.inference.runtime import free_memory
from story_engine.store.layout import Layout
from story_engine.training.adapter import TrainedAdapter
from story_engine.training.base import Base, open_base
from story_engine.training.buckets import Bucket
from story_engine.training.device import open_accelerator, planned
from story_engine.training.encoding import Sample
from story_engine.training.loop import Loop
from story_engine.training.randomness import CaptionUse
from story_engine.training.sampling import guidance_and_steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What this machine needs."""

    seconds_per_step: float
    seconds_per_picture: float
    """Of encoding one crop, mirrored or not."""
    seconds_per_sample: float
    """Of one sample picture."""

    def seconds(self, spec: TrainingSpec, *, variants: int, steps_left: int | None = None) -> float:
        """Seconds until the end.

        Args:
            spec: what is trained.
            variants: pictures that are still to be encoded, each crop and mirroring counted.
            steps_left: None for all.
        """
        steps = spec.steps if steps_left is None else steps_left
        rounds = steps // spec.sample_every + 1 if spec.sample_every else 0
        samples = (rounds * len(spec.sample_prompts) + class_pictures(spec)) * self.seconds_per_sample
        return variants * self.seconds_per_picture + steps * self.seconds_per_step + samples


def measure(layout: Layout, spec: TrainingSpec, *, steps: int = 2) -> Measured:
    """Do a few steps, encode one picture, and pass the network once for a sample; nothing is written.

    Args:
        layout: where the weights lie.
        spec: of the training; only one process is measured.
        steps: that are counted, after one that is not.

    Raises:
        InstallOrDownload: the family's weights are not here.
    """
    accelerator = open_accelerator(layout, spec)
    device, plan = str(accelerator.device), planned(spec, accelerator)
    base = open_base(layout, spec.family, precision=spec.precision, device=device, plan=plan)
    side = spec.resolution or base.family.width
    with base.vae_encoder() as encoder:
        picture = torch.zeros(1, 3, side, side, device=accelerator.device)
        per_picture = _seconds(lambda: _passed(encoder, picture), 1)
    unet = base.unet()
    samples = _Noise(base, unet, side)
    loop = Loop(accelerator, unet, TrainedAdapter(unet, spec), samples, spec)
    numbers = iter(range(steps + 1))
    per_step = _seconds(lambda: loop.step(next(numbers)), steps)
    _, denoising_steps = guidance_and_steps(spec, base.family)
    per_pass = _seconds(lambda: _painted(unet, samples.sample(0, 0.0, caption="as_written")), 1)
    accelerator.free_memory()
    free_memory()
    return Measured(
        seconds_per_step=per_step, seconds_per_picture=per_picture, seconds_per_sample=per_pass * denoising_steps
    )


class _Noise:
    """One picture of noise under a caption of noise."""

    def __init__(self, base: Base, unet: nn.Module, side: int) -> None:
        projection: nn.Linear = unet.get_submodule("text_intermediate_proj")  # type: ignore[assignment]
        tokens, width = base.family.token_limit, projection.in_features
        self._prompt = EncodedPrompt(torch.randn(tokens, width), torch.randn(width))
        self._latents = torch.randn(LATENT_CHANNELS, side // PIXELS_PER_LATENT, side // PIXELS_PER_LATENT)
        self._sizes = (side, side, 0, 0, side, side)
        self.buckets: Sequence[Bucket] = (Bucket(side, side),)

    def sample(self, position: int, variant: float, *, caption: CaptionUse) -> Sample:
        del position, variant, caption
        return Sample(self._latents, self._sizes, self._prompt)

    def class_sample(self, bucket: Bucket, which: float) -> Sample:
        del bucket, which
        return Sample(self._latents, self._sizes, self._prompt)


def _seconds(act: Callable[[], object], times: int) -> float:
    """Mean of `times` calls, after one that is not counted: it allocates, and loads kernels."""
    act()
    _wait()
    started = time.monotonic()
    for _ in range(times):
        act()
    _wait()
    return (time.monotonic() - started) / times


@torch.inference_mode()
def _passed(network: nn.Module, picture: torch.Tensor) -> None:
    network(picture)


@torch.inference_mode()
def _painted(unet: nn.Module, sample: Sample) -> None:
    """One denoising step of one picture: its prompt and its negative."""
    unet.eval()
    first = next(unet.parameters())
    unet(
        torch.stack([sample.latents] * 2).to(first.device, first.dtype),
        torch.tensor([500.0], device=first.device),
        torch.stack([sample.prompt.embedding] * 2).to(first.device, first.dtype),
        torch.tensor(sample.sizes * 2, device=first.device),
        torch.stack([sample.prompt.pooled] * 2).to(first.device, first.dtype),
    )


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
