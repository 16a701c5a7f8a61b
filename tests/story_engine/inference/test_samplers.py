"""Samplers solve the equation they promise to solve, at the timesteps they promise."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from story_engine.domain.family import MOST_STEPS, SAMPLERS
from story_engine.inference.samplers import build_sampler, kolors_schedule

_DATA_MEAN, _DATA_SPREAD = 0.7, 0.5


def test_ddim_steps_where_diffsynth_steps() -> None:
    schedule = kolors_schedule()
    schedule.set_timesteps(50)
    latents, noise = torch.randn(2, 4, 8, 8), torch.randn(2, 4, 8, 8)

    sampler = build_sampler("ddim", 50)

    assert sampler.timesteps == tuple(schedule.timesteps.tolist())
    for index in (0, 17, 49):
        expected = schedule.step(noise, schedule.timesteps[index : index + 1], latents)
        assert torch.equal(sampler.step(noise, index, latents), expected)


def test_euler_uses_the_published_timesteps_of_kolors() -> None:
    timesteps = build_sampler("euler", 50).timesteps

    assert (timesteps[0], timesteps[1], timesteps[-1]) == (1079, 1057, 1)


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("steps", [1, 2, 3, 20, MOST_STEPS])
def test_timesteps_fall_within_the_trained_range(name: str, steps: int) -> None:
    timesteps = build_sampler(name, steps).timesteps

    assert len(timesteps) == steps
    assert all(0 <= timestep <= 1099 for timestep in timesteps)
    assert all(later < earlier for earlier, later in itertools.pairwise(timesteps))


def test_karras_levels_are_dense_where_the_picture_is_nearly_finished() -> None:
    timesteps = build_sampler("dpmpp_2m_karras", 20).timesteps

    assert timesteps[0] == pytest.approx(1099)
    assert timesteps[-1] == pytest.approx(0, abs=1e-9)
    assert sum(timestep < 100 for timestep in timesteps) > sum(timestep > 1000 for timestep in timesteps)


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_finished_latents_are_those_of_the_exact_solution(name: str) -> None:
    assert _error(name, 200) < 0.02


@pytest.mark.parametrize(("name", "order"), [("ddim", 1), ("euler", 1), ("dpmpp_2m_karras", 2)])
def test_errors_shrink_with_the_order_of_the_sampler(name: str, order: int) -> None:
    assert _error(name, 20) / _error(name, 40) > 2**order * 0.7


def test_twenty_steps_of_the_default_come_closer_than_fifty_of_ddim() -> None:
    assert _error("dpmpp_2m_karras", 20) < _error("ddim", 50)


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_imagined_picture_is_the_finished_one_at_the_last_step(name: str) -> None:
    sampler = build_sampler(name, 3)
    latents = torch.randn(1, 4, 4, 4, dtype=torch.float64)
    for index in range(3):
        noise = torch.randn_like(latents)
        denoised = sampler.denoised(noise, index, latents)
        latents = sampler.step(noise, index, latents)

    assert torch.allclose(denoised, latents, atol=1e-6)


def _error(name: str, steps: int) -> float:
    """Distance to the exact end for data spread normally around a mean, whose noise can be predicted exactly.

    Expected value: the probability flow of such data moves every point along its quantile.
    """
    alpha_bars = torch.tensor(kolors_schedule().alphas_cumprod, dtype=torch.float64)
    sampler = build_sampler(name, steps)
    start = torch.linspace(-2, 2, 9, dtype=torch.float64).reshape(1, 1, 3, 3)
    latents = start
    for index, timestep in enumerate(sampler.timesteps):
        signal, noise, spread = _level(alpha_bars, timestep)
        latents = sampler.step(noise * (latents - signal * _DATA_MEAN) / spread**2, index, latents)
    signal, _, spread = _level(alpha_bars, sampler.timesteps[0])
    exact = _DATA_MEAN + _DATA_SPREAD * (start - signal * _DATA_MEAN) / spread
    return float((latents - exact).abs().max())


def _level(alpha_bars: torch.Tensor, timestep: float) -> tuple[float, float, float]:
    """Signal, noise, and the spread of the noisy data, interpolated in log noise-per-signal."""
    sigmas = ((1 - alpha_bars) / alpha_bars).sqrt().log()
    below = min(int(timestep), len(sigmas) - 2)
    sigma = math.exp(float(sigmas[below] + (timestep - below) * (sigmas[below + 1] - sigmas[below])))
    signal = 1 / math.sqrt(1 + sigma**2)
    return signal, sigma * signal, math.sqrt((signal * _DATA_SPREAD) ** 2 + (sigma * signal) ** 2)
