"""Samplers: from noise to latents in a number of steps, each by its usual name.

All of them keep the latents in the form that DiffSynth's networks are trained on, x = √ᾱ·x₀ + √(1-ᾱ)·ε, so that every
run starts from plain noise and the network is given the latents as they are. ᾱ is the Kolors schedule for every family.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import Protocol

import torch

from story_engine.domain.family import TIMESTEPS
from story_engine.inference.noise_schedule import kolors_schedule

_KARRAS_RHO = 7.0
"""Source: Karras et al. 2022 (arXiv:2206.00364), equation 5 and table 1."""


class Sampler(Protocol):
    """One run of one sampler; it may remember earlier steps, so it serves one batch and is then thrown away."""

    timesteps: tuple[float, ...]
    """What the network is given at each step, within 0 … 1099, falling."""
    noise_levels: tuple[float, ...]
    """Noise per signal, σ, that the latents hold at each step, falling."""

    def step(self, noise: torch.Tensor, index: int, latents: torch.Tensor) -> torch.Tensor:
        """The latents after step `index`, from the predicted noise; shapes (batch, 4, height/8, width/8)."""
        ...

    def denoised(self, noise: torch.Tensor, index: int, latents: torch.Tensor) -> torch.Tensor:
        """The finished latents as denoised at step `index`: what a preview shows."""
        ...

    def only(self, places: Sequence[int]) -> Sampler:
        """The same run, after the steps that it has made, for some pictures of its batch: it goes on with these."""
        ...


def build_sampler(name: str, steps: int) -> Sampler:
    """A fresh run of the sampler called `name` (one of `domain.family.SAMPLERS`) with `steps` network calls.

    Raises:
        KeyError: no such sampler (recipes are checked before).
    """
    return _SAMPLERS[name](steps)


class Ddim:
    """DDIM as the challenge's notebooks run it: DiffSynth's own scheduler, even timesteps 1099 … 0, both included.

    Source: Song et al. 2020 (arXiv:2010.02502), equation 12 with η = 0; diffsynth 1.1.9, schedulers/ddim.py.
    """

    def __init__(self, steps: int) -> None:
        self._schedule = kolors_schedule()
        self._schedule.set_timesteps(steps)
        self.timesteps: tuple[float, ...] = tuple(self._schedule.timesteps.tolist())
        alpha_bars = self._schedule.alphas_cumprod
        self.noise_levels = tuple(_Point.of(alpha_bars[int(timestep)]).level for timestep in self.timesteps)

    def step(self, noise: torch.Tensor, index: int, latents: torch.Tensor) -> torch.Tensor:
        """DiffSynth's own step."""
        stepped: torch.Tensor = self._schedule.step(noise, self._schedule.timesteps[index : index + 1], latents)
        return stepped

    def denoised(self, noise: torch.Tensor, index: int, latents: torch.Tensor) -> torch.Tensor:
        """A step straight to the end."""
        stepped: torch.Tensor = self._schedule.step(
            noise, self._schedule.timesteps[index : index + 1], latents, to_final=True
        )
        return stepped

    def only(self, places: Sequence[int]) -> Ddim:
        """It remembers nothing of single pictures."""
        del places
        return self


class Euler:
    """Euler's method on Kolors' published timesteps: evenly spaced from the low end, shifted by one.

    In this form of the latents one Euler step of the probability flow is one DDIM step; what differs is the timesteps.
    Source: Karras et al. 2022 (arXiv:2206.00364), section 3; timesteps as scheduler/scheduler_config.json of
    Kwai-Kolors/Kolors-diffusers asks ("leading", steps_offset 1).
    """

    def __init__(self, steps: int) -> None:
        stride = TIMESTEPS // steps
        self.timesteps: tuple[float, ...] = tuple(float(stride * (steps - 1 - index) + 1) for index in range(steps))
        alpha_bars = kolors_schedule().alphas_cumprod
        self._points = [_Point.of(alpha_bars[int(timestep)]) for timestep in self.timesteps] + [_FINISHED]
        self.noise_levels = tuple(point.level for point in self._points[:-1])

    def step(self, noise: torch.Tensor, index: int, latents: torch.Tensor) -> torch.Tensor:
        """One straight step: x' = α'·(x/α + (σ'-σ)·ε), σ being noise per signal."""
        now, then = self._points[index], self._points[index + 1]
        change = then.noise / then.signal - now.noise / now.signal
        return then.signal / now.signal * latents + then.signal * change * noise

    def denoised(self, noise: torch.Tensor, index: int, latents: torch.Tensor) -> torch.Tensor:
        """The latents without their noise: x₀ = (x - √(1-ᾱ)·ε) / √ᾱ."""
        return self._points[index].denoised(noise, latents)

    def only(self, places: Sequence[int]) -> Euler:
        """It remembers nothing of single pictures."""
        del places
        return self


class DpmSolverKarras:
    """DPM++ 2M on Karras' noise levels: second order, one network call per step.

    The levels lie between trained ones, so the network is given a fractional timestep, interpolated in log σ.

    Source: Lu et al. 2022 (arXiv:2211.01095), algorithm 2; levels: Karras et al. 2022 (arXiv:2206.00364), equation 5.
    """

    def __init__(self, steps: int) -> None:
        alpha_bars = torch.tensor(kolors_schedule().alphas_cumprod, dtype=torch.float64)
        trained = ((1 - alpha_bars) / alpha_bars).sqrt()
        sigmas = _karras_sigmas(trained, steps)
        self.timesteps: tuple[float, ...] = tuple(_interpolated_timesteps(trained.log(), sigmas.log()))
        self._points = [_Point.of(1 / (1 + sigma * sigma)) for sigma in sigmas.tolist()] + [_FINISHED]
        self.noise_levels = tuple(sigmas.tolist())
        self._before: torch.Tensor | None = None

    def step(self, noise: torch.Tensor, index: int, latents: torch.Tensor) -> torch.Tensor:
        """One step; needs the step before it to have gone through this object, in order."""
        now, then = self._points[index], self._points[index + 1]
        denoised = now.denoised(noise, latents)
        before, self._before = self._before, denoised
        if then is _FINISHED:
            return denoised
        width = then.log_ratio - now.log_ratio
        target = denoised
        if before is not None:
            behind = now.log_ratio - self._points[index - 1].log_ratio
            share = width / (2 * behind)
            target = (1 + share) * denoised - share * before
        return then.noise / now.noise * latents - then.signal * math.expm1(-width) * target

    def denoised(self, noise: torch.Tensor, index: int, latents: torch.Tensor) -> torch.Tensor:
        """The latents without their noise: x₀ = (x - √(1-ᾱ)·ε) / √ᾱ."""
        return self._points[index].denoised(noise, latents)

    def only(self, places: Sequence[int]) -> DpmSolverKarras:
        """With what it remembers of these pictures' last step."""
        kept = copy.copy(self)
        kept._before = None if self._before is None else self._before[list(places)]
        return kept


class _Point:
    """A noise level: how much signal and how much noise the latents hold."""

    def __init__(self, signal: float, noise: float) -> None:
        self.signal, self.noise = signal, noise

    @classmethod
    def of(cls, alpha_bar: float) -> _Point:
        return cls(math.sqrt(alpha_bar), math.sqrt(1 - alpha_bar))

    @property
    def level(self) -> float:
        """σ, noise per signal."""
        return self.noise / self.signal

    @property
    def log_ratio(self) -> float:
        """λ = log(α/σ), in which DPM++ takes its steps."""
        return math.log(self.signal / self.noise)

    def denoised(self, noise: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
        return (latents - self.noise * noise) / self.signal


_FINISHED = _Point(1.0, 0.0)


def _karras_sigmas(trained: torch.Tensor, steps: int) -> torch.Tensor:
    """(steps,) float64, falling from the largest trained noise level to the smallest."""
    largest, smallest = (float(trained[index]) ** (1 / _KARRAS_RHO) for index in (-1, 0))
    ramp = torch.linspace(0, 1, steps, dtype=torch.float64)
    sigmas: torch.Tensor = (largest + ramp * (smallest - largest)) ** _KARRAS_RHO
    return sigmas


def _interpolated_timesteps(trained: torch.Tensor, wanted: torch.Tensor) -> list[float]:
    """Fractional timesteps at which the rising `trained` levels take the `wanted` values."""
    above = torch.searchsorted(trained, wanted).clamp(1, len(trained) - 1)
    below = above - 1
    share = ((wanted - trained[below]) / (trained[above] - trained[below])).clamp(0, 1)
    return [float(timestep) for timestep in below + share]


_SAMPLERS: dict[str, type[Ddim] | type[Euler] | type[DpmSolverKarras]] = {
    "ddim": Ddim,
    "euler": Euler,
    "dpmpp_2m_karras": DpmSolverKarras,
}
