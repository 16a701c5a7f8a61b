"""One seed is one picture: noise comes from the CPU unless a notebook is to be reproduced."""

from __future__ import annotations

import pytest
import torch

from story_engine.domain.recipe import Recipe
from story_engine.errors import ChooseAnother
from story_engine.inference.noise import starting_noise


def test_noise_is_what_a_seeded_pipeline_draws_on_the_cpu() -> None:
    expected = torch.randn((1, 4, 32, 40), generator=torch.Generator().manual_seed(7))

    assert torch.equal(starting_noise(_recipe(seed=7)), expected)


@pytest.mark.parametrize(("precision", "dtype"), [("float32", torch.float32), ("float16", torch.float16)])
def test_device_noise_is_what_the_default_generator_draws_first(precision: str, dtype: torch.dtype) -> None:
    torch.manual_seed(3)
    expected = torch.randn((1, 4, 32, 40), dtype=dtype)

    assert torch.equal(starting_noise(_recipe(seed=3, noise="device:cpu", precision=precision)), expected)


def test_cpu_noise_does_not_depend_on_the_precision() -> None:
    assert torch.equal(starting_noise(_recipe(precision="float16")), starting_noise(_recipe()))


@pytest.mark.parametrize("seed", [0, 2**32 - 1])
def test_the_ends_of_the_seed_range_are_seeds(seed: int) -> None:
    assert torch.isfinite(starting_noise(_recipe(seed=seed))).all()


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_noise_of_a_gpu_that_is_not_here_is_refused() -> None:
    with pytest.raises(ChooseAnother) as caught:
        starting_noise(_recipe(noise="device:cuda"))

    assert caught.value.code == "models.noise_elsewhere"


def _recipe(seed: int = 0, noise: str = "cpu", precision: str = "float32") -> Recipe:
    return Recipe(
        prompt="",
        negative="",
        seed=seed,
        sampler="ddim",
        steps=1,
        cfg_scale=1.0,
        width=320,
        height=256,
        noise=noise,
        family="preview",
        weights_hash="",
        precision=precision,
    )
