"""The denoising loop: several pictures at once, prompts and negatives in one call, watched and stopped at each step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import nn

from story_engine.domain.family import PIXELS_PER_LATENT
from story_engine.domain.guidance import EVERYWHERE, Guidance
from story_engine.errors import Cancelled
from story_engine.inference.cast_lock import CastLock, Maps
from story_engine.inference.controls import Controls, ControlsOfEach, UnetRows
from story_engine.inference.encoding import EncodedPrompt
from story_engine.inference.noise import noised
from story_engine.inference.samplers import Sampler


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureInputs:
    """What one picture of a batch is painted from."""

    noise: torch.Tensor
    """(1, 4, height/8, width/8). The latents keep its dtype through the whole run."""
    prompt: EncodedPrompt
    negative: EncodedPrompt
    cfg_scale: float
    empty: EncodedPrompt | None = None
    """The empty prompt: what guidance leads away from where the negative is not in force; None where it always is."""


@dataclass(frozen=True, slots=True)
class Begun:
    """Pictures that are on their way."""

    latents: torch.Tensor
    """(pictures, 4, height/8, width/8), on the network's device."""
    steps: int
    """That they have made."""
    maps: Maps = field(default_factory=dict)
    """Of those with a cast: where their characters are."""

    def only(self, places: Sequence[int]) -> Begun:
        """Some of them."""
        now = {place: number for number, place in enumerate(places)}
        maps = {(now[place], span): found for (place, span), found in self.maps.items() if place in now}
        return Begun(self.latents[list(places)], self.steps, maps)


@dataclass(frozen=True, slots=True)
class Kept:
    """Finished latents that stay what they are wherever nothing is to be painted."""

    latents: torch.Tensor
    """(pictures, 4, height/8, width/8), finished."""
    noise: torch.Tensor
    """What each was noised with at the beginning."""
    free: torch.Tensor
    """(1, 1, height/8, width/8): 1 where something is painted, else 0."""

    def put_back(self, latents: torch.Tensor, level: float) -> torch.Tensor:
        """Latents at noise level σ with what is kept in its place, noised alike; 0: finished."""
        return self.free * latents + (1 - self.free) * noised(self.latents, self.noise, level)


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
    guidance: Guidance = EVERYWHERE,
    until: int | None = None,
    begun: Begun | None = None,
    controls: Controls | ControlsOfEach | None = None,
    cast: CastLock | None = None,
    kept: Kept | None = None,
    beside: torch.Tensor | None = None,
) -> torch.Tensor:
    """Denoise pictures of one size together.

    Args:
        unet: DiffSynth's SDXLUNet of a Kolors family.
        pictures: all of one size.
        sampler: a fresh one.
        rows_per_call: latents that go through the network together; a picture has two rows, one without guidance.
        on_step: called after each step with the number of steps done.
        should_stop: asked before each call of the network.
        guidance: at which noise levels the second rows are computed, and which of them are the negative's.
        until: stop after so many steps of the whole run; None: at its end.
        begun: where an earlier call stopped with these pictures, the sampler having made those steps; None: nowhere.
        controls: what holds the pictures to others, in the order of `pictures`.
        cast: whom of the pictures looks at whom, for these very pictures; None: nobody.
        kept: what stays of finished pictures; None: nothing.
        beside: (pictures, channels, height/8, width/8) that the network is given beside the latents; None: nothing.

    Returns:
        (pictures, 4, height/8, width/8) in the noise's dtype, on the network's device: finished, or as they are after
        `until` steps.

    Raises:
        Cancelled: `should_stop` said so.
    """
    parameter = next(unet.parameters())
    latents = torch.cat([each.noise.to(parameter.device) for each in pictures]) if begun is None else begun.latents
    # Guidance 1 is the prompt's own prediction: DiffSynth leaves the second pass out too.
    is_guided = any(each.cfg_scale != 1 for each in pictures)
    plain, negative, empty = _rows_of(pictures, parameter)
    seen_beside = None if beside is None else beside.to(parameter.device, parameter.dtype)
    with torch.inference_mode():
        for index in range(0 if begun is None else begun.steps, len(sampler.timesteps) if until is None else until):
            timestep, level = sampler.timesteps[index], sampler.noise_levels[index]
            given = torch.tensor([timestep], dtype=torch.float32, device=parameter.device)
            rows = plain
            if is_guided and guidance.is_guided_at(level):
                rows = negative if guidance.is_negative_at(level) else empty
            held = None if controls is None else partial(controls.acting, step=index, steps=len(sampler.timesteps))
            calls = partial(_in_turn, rows_per_call=rows_per_call)
            if cast is not None:
                latents = cast.begin_step(index, latents, level)
                calls = partial(cast.calls, rows_per_call=rows_per_call)
            noise = rows.predicted(
                unet, latents, given, calls=calls, should_stop=should_stop, held=held, beside=seen_beside
            )
            if rows is not plain:
                noise = _guided(noise, [each.cfg_scale for each in pictures])
            denoised = partial(sampler.denoised, noise, index, latents)
            latents = sampler.step(noise, index, latents)
            if kept is not None:
                latents = kept.put_back(latents, (*sampler.noise_levels, 0.0)[index + 1])
            on_step(index + 1, denoised)
    return latents


@dataclass(frozen=True, slots=True)
class _Rows:
    """The batch as the network sees it: all prompts, and behind them what guidance leads away from, if anything."""

    embeddings: torch.Tensor
    pooled: torch.Tensor

    @classmethod
    def of(cls, prompts: Sequence[EncodedPrompt], parameter: torch.Tensor) -> _Rows:
        return cls(
            torch.stack([prompt.embedding for prompt in prompts]).to(parameter.device, parameter.dtype),
            torch.stack([prompt.pooled for prompt in prompts]).to(parameter.device, parameter.dtype),
        )

    def predicted(
        self,
        unet: nn.Module,
        latents: torch.Tensor,
        timestep: torch.Tensor,
        *,
        calls: Callable[[int], Iterator[list[int]]],
        should_stop: Callable[[], bool],
        held: Callable[[nn.Module, UnetRows], AbstractContextManager[None]] | None = None,
        beside: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """(rows, 4, height/8, width/8): predicted noise in the latents' dtype."""
        height, width = (side * PIXELS_PER_LATENT for side in latents.shape[-2:])
        # As DiffSynth: original size, no crop, target size. Source: pipelines/sdxl_image.py, `prepare_extra_input`.
        sizes = torch.tensor([height, width, 0, 0, height, width], device=latents.device)
        shown = latents.to(self.embeddings.dtype)
        samples = shown if beside is None else torch.cat([shown, beside], dim=1)
        samples = samples.repeat(len(self.embeddings) // len(latents), 1, 1, 1)
        parts: list[torch.Tensor] = []
        order: list[int] = []
        for some in calls(len(samples)):
            if should_stop():
                raise Cancelled("models.cancelled")
            rows = UnetRows(
                tuple(some), len(latents), samples[some], timestep, self.embeddings[some], sizes, self.pooled[some]
            )
            with nullcontext() if held is None else held(unet, rows):
                whole = sizes.repeat(len(rows.sample))
                parts.append(unet(rows.sample, timestep, rows.embeddings, whole, rows.pooled))
            order += some
        places = sorted(range(len(order)), key=order.__getitem__)
        return torch.cat(parts)[places].to(latents.dtype)


def _in_turn(rows: int, rows_per_call: int) -> Iterator[list[int]]:
    """All rows, so many in a call."""
    for start in range(0, rows, rows_per_call):
        yield list(range(start, min(start + rows_per_call, rows)))


def _rows_of(pictures: Sequence[PictureInputs], parameter: torch.Tensor) -> tuple[_Rows, _Rows, _Rows]:
    """The prompts alone, with the negatives, with the empty prompt."""
    prompts = [each.prompt for each in pictures]
    negatives = [each.negative for each in pictures]
    empty = [each.negative if each.empty is None else each.empty for each in pictures]
    return (
        _Rows.of(prompts, parameter),
        negative := _Rows.of(prompts + negatives, parameter),
        _Rows.of(prompts + empty, parameter) if any(each.empty is not None for each in pictures) else negative,
    )


def _guided(predicted: torch.Tensor, scales: Sequence[float]) -> torch.Tensor:
    """Classifier-free guidance, unprompted + scale · (prompted - unprompted). Source: arXiv:2207.12598, equation 6.

    A scale is a number, as in DiffSynth: as a tensor in half precision it would be rounded first.
    """
    pairs = zip(*predicted.chunk(2), scales, strict=True)
    return torch.stack([unprompted + scale * (prompted - unprompted) for prompted, unprompted, scale in pairs])
