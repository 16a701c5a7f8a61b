"""Guidance by noise level in the loop: rows that are really not computed, and rows that change with the noise."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from story_engine.domain.guidance import EVERYWHERE, Guidance
from story_engine.inference.denoising import Begun, PictureInputs, denoise
from story_engine.inference.encoding import EncodedPrompt
from story_engine.inference.samplers import build_sampler
from story_engine.preview_model.architecture import SMALLEST, build_preview

STEPS = 6
SAMPLER = "dpmpp_2m_karras"
LEVELS = build_sampler(SAMPLER, STEPS).noise_levels
"""29.1, 13.4, 5.6, 2.1, 0.66 … 0.03."""


class Rows:
    """How many rows each call of the network had, and which embeddings they were."""

    def __init__(self, network: torch.nn.Module) -> None:
        self.calls: list[torch.Tensor] = []
        self.handle = network.register_forward_pre_hook(lambda _, inputs: self.calls.append(inputs[2]))


@pytest.fixture(scope="module")
def unet() -> torch.nn.Module:
    unet = build_preview(SMALLEST, seed=3).unet.eval().requires_grad_(False)
    torch.nn.init.normal_(unet.conv_out.weight, std=0.05, generator=torch.Generator().manual_seed(3))
    return unet


@pytest.fixture
def rows(unet: torch.nn.Module) -> Iterator[Rows]:
    found = Rows(unet)
    yield found
    found.handle.remove()


def encoded(seed: int) -> EncodedPrompt:
    generator = torch.Generator().manual_seed(seed)
    return EncodedPrompt(
        torch.randn(SMALLEST.prompt_tokens, SMALLEST.text_hidden, generator=generator),
        torch.randn(SMALLEST.text_hidden, generator=generator),
    )


EMPTY = encoded(99)


def pictures(count: int = 1, *, cfg_scale: float = 4.0, empty: EncodedPrompt | None = EMPTY) -> list[PictureInputs]:
    return [
        PictureInputs(
            noise=torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(number)),
            prompt=encoded(number),
            negative=encoded(50 + number),
            cfg_scale=cfg_scale,
            empty=empty,
        )
        for number in range(count)
    ]


def latents(unet: torch.nn.Module, given: list[PictureInputs], guidance: Guidance, rows: int = 64) -> torch.Tensor:
    return denoise(
        unet,
        given,
        build_sampler(SAMPLER, STEPS),
        rows_per_call=rows,
        on_step=lambda step, denoised: None,
        should_stop=lambda: False,
        guidance=guidance,
    )


def test_outside_of_the_interval_no_negative_row_goes_through_the_network(unet, rows):
    guidance = Guidance(guidance_above=0.5, guidance_below=6.0)

    latents(unet, pictures(3), guidance)

    guided = [level for level in LEVELS if 0.5 < level <= 6.0]
    assert 0 < len(guided) < STEPS
    assert [len(call) for call in rows.calls] == [3 * (2 if level in guided else 1) for level in LEVELS]


def test_the_second_row_is_the_empty_prompt_above_a_level_and_the_negative_below_it(unet, rows):
    [picture] = given = pictures()

    latents(unet, given, Guidance(negative_below=2.5))

    for level, (prompt, second) in zip(LEVELS, rows.calls, strict=True):
        assert torch.equal(prompt, picture.prompt.embedding)
        assert torch.equal(second, (picture.negative if level <= 2.5 else EMPTY).embedding)


def test_an_interval_that_covers_everything_is_the_plain_loop_to_the_bit(unet):
    plain = latents(unet, pictures(2, empty=None), EVERYWHERE)

    assert torch.equal(latents(unet, pictures(2), Guidance(guidance_above=0.01, guidance_below=29.5)), plain)
    assert not torch.equal(latents(unet, pictures(2), Guidance(guidance_above=0.5)), plain)
    assert not torch.equal(latents(unet, pictures(2), Guidance(negative_below=2.5)), plain)


def test_a_picture_without_negative_is_the_same_at_whichever_level_it_would_come_into_force(unet):
    given = [
        PictureInputs(noise=each.noise, prompt=each.prompt, negative=EMPTY, cfg_scale=4.0, empty=EMPTY)
        for each in pictures()
    ]

    assert torch.equal(latents(unet, given, Guidance(negative_below=2.5)), latents(unet, given, EVERYWHERE))


def test_guidance_of_one_needs_no_second_row_at_any_level(unet, rows):
    alone = latents(unet, pictures(cfg_scale=1.0), Guidance(guidance_above=0.5, negative_below=2.5))

    assert [len(call) for call in rows.calls] == [1] * STEPS
    assert torch.equal(alone, latents(unet, pictures(cfg_scale=1.0), EVERYWHERE))


def test_rows_are_passed_in_calls_of_the_size_that_is_asked_for(unet, rows):
    guidance = Guidance(guidance_above=0.5, negative_below=2.5)

    together = latents(unet, pictures(3), guidance)
    rows.calls.clear()
    in_turn = latents(unet, pictures(3), guidance, rows=2)

    assert {len(call) for call in rows.calls} == {1, 2}
    assert torch.allclose(together, in_turn, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("sampler", ["ddim", "euler", SAMPLER])
def test_noise_levels_fall_and_there_is_one_for_each_step(sampler):
    levels = build_sampler(sampler, STEPS).noise_levels

    assert len(levels) == STEPS == len(build_sampler(sampler, STEPS).timesteps)
    assert sorted(levels, reverse=True) == list(levels) and 0 < levels[-1] < levels[0] < 30


@pytest.mark.parametrize("name", ["ddim", "euler", "dpmpp_2m_karras"])
def test_pictures_that_go_on_without_their_company_come_out_as_if_they_had_been_painted_alone(unet, name):
    """The second-order sampler remembers a step of each picture: what is left of the batch keeps its own."""
    given, guidance = pictures(3), Guidance(guidance_above=0.5, negative_below=6.0)
    common = {"on_step": lambda step, denoised: None, "should_stop": lambda: False, "guidance": guidance}
    sampler = build_sampler(name, STEPS)
    half = denoise(unet, given, sampler, rows_per_call=6, until=2, **common)
    left = [given[2], given[0]]

    went_on = denoise(unet, left, sampler.only([2, 0]), rows_per_call=6, begun=Begun(half, 2).only([2, 0]), **common)

    alone = [denoise(unet, [each], build_sampler(name, STEPS), rows_per_call=6, **common) for each in left]
    assert float((went_on - torch.cat(alone)).abs().max()) < 1e-3
    assert float((went_on[0] - went_on[1]).abs().max()) > 1e-2
