"""A contest in the renderer: who goes on is painted as if alone, who is stopped costs a few steps."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from story_engine.domain.contest import Round
from story_engine.errors import Cancelled
from story_engine.inference.contest import Contest
from story_engine.inference.progress import RenderProgress
from story_engine.inference.render import Renderer
from story_engine.store.layout import Layout
from tests.story_engine.inference.small_preview import recipe, small_workspace

STEPS = 4


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    return small_workspace(tmp_path_factory.mktemp("studio"))


@pytest.fixture(scope="module")
def renderer(layout: Layout) -> Renderer:
    return Renderer(layout, threads=1)


def takes(layout: Layout, count: int, *, sampler: str = "dpmpp_2m_karras"):
    return [recipe(layout, seed=seed, sampler=sampler, steps=STEPS) for seed in range(count)]


def a_contest(positions, judge, *, keep: int = 1) -> Contest:
    """Of one round, after the first step."""
    held = (Round(step=1, keep=keep),)
    return Contest(positions=tuple(positions), rounds=held, judge=lambda imagined, _: judge(imagined))


@pytest.mark.parametrize("sampler", ["ddim", "dpmpp_2m_karras"])
def test_a_survivor_is_the_take_painted_alone(layout, renderer, sampler):
    """Its company leaves the batch in the middle of the run: the second-order sampler keeps what it knows of it."""
    recipes, seen = takes(layout, 5, sampler=sampler), []
    contest = a_contest(range(5), lambda imagined: seen.extend(imagined) or [4, 1], keep=2)
    finished = {}

    renderer.render(recipes, contests=[contest], on_picture=finished.__setitem__)

    assert [each.position for each in seen] == [0, 1, 2, 3, 4] and seen[0].picture.size == (128, 128)
    assert sorted(finished) == [1, 4]
    for position, picture in finished.items():
        alone = renderer.render([recipes[position]])[0]
        assert np.abs(np.asarray(picture, dtype=int) - np.asarray(alone, dtype=int)).max() <= 1
        assert np.asarray(picture).std() > 5


@pytest.mark.parametrize("sampler", ["ddim", "dpmpp_2m_karras"])
def test_of_two_rounds_the_second_one_sees_more_of_the_same_pictures_and_its_survivor_is_the_take_painted_alone(
    layout, renderer, sampler
):
    recipes, told, seen = takes(layout, 5, sampler=sampler), [], []

    def judge(imagined, now: Round):
        seen.append((now.step, {each.position: each.latents for each in imagined}))
        return [4, 1, 3] if now.step == 1 else [3]

    contest = Contest(positions=tuple(range(5)), rounds=(Round(step=1, keep=3), Round(step=2, keep=1)), judge=judge)
    finished = {}

    renderer.render(recipes, contests=[contest], on_step=told.append, on_picture=finished.__setitem__)

    assert [(step, sorted(found)) for step, found in seen] == [(1, [0, 1, 2, 3, 4]), (2, [1, 3, 4])]
    assert not torch.equal(seen[0][1][3], seen[1][1][3])
    assert list(finished) == [3]
    alone = renderer.render([recipes[3]])[0]
    assert np.abs(np.asarray(finished[3], dtype=int) - np.asarray(alone, dtype=int)).max() <= 1
    steps = [each for each in told if each.stage == "denoising"]
    assert steps[-1].step == steps[-1].total
    assert all(one.total >= other.total for one, other in pairwise(steps))  # a verdict never adds work


def test_when_memory_ran_out_between_two_rounds_only_the_second_one_is_held_again(layout, renderer):
    asked: list[tuple[int, ...]] = []
    contest = Contest(
        positions=(0, 1, 2, 3),
        rounds=(Round(step=1, keep=2), Round(step=2, keep=1)),
        judge=lambda imagined, now: asked.append((now.step, *(each.position for each in imagined))) or [3],
    )
    contest.kept, contest.judged = frozenset({1, 3}), 1
    finished: list[int] = []

    renderer.render(takes(layout, 4), contests=[contest], on_picture=lambda position, _: finished.append(position))

    assert (finished, asked) == ([3], [(2, 1, 3)])


def test_stopped_takes_cost_the_steps_before_the_verdict_and_progress_ends_at_its_end(layout, renderer):
    """Two scenes, each its own contest, beside a picture that is in none."""
    recipes, told = [*takes(layout, 4), *takes(layout, 3, sampler="ddim"), recipe(layout, seed=9, steps=STEPS)], []
    contests = [
        a_contest((0, 1, 2, 3), lambda imagined: [2]),
        a_contest((4, 5, 6), lambda imagined: [6]),
    ]
    finished: list[int] = []

    renderer.render(
        recipes, contests=contests, on_step=told.append, on_picture=lambda position, _: finished.append(position)
    )

    assert sorted(finished) == [2, 6, 7]
    steps: list[RenderProgress] = [each for each in told if each.stage == "denoising"]
    begun, rest = 1, STEPS - 1
    assert steps[-1].step == steps[-1].total == 2 * begun + rest + 2 * begun + rest + STEPS  # of batches of two
    assert {each.stage for each in told} >= {"judging", "decoding"}


def test_a_contest_that_is_decided_is_not_held_again_when_memory_ran_out_behind_it(layout, renderer):
    asked: list[int] = []
    contest = a_contest((0, 1, 2), lambda imagined: asked.append(len(imagined)) or [2])
    contest.kept, contest.judged = frozenset({2}), 1
    finished: list[int] = []

    renderer.render(takes(layout, 3), contests=[contest], on_picture=lambda position, _: finished.append(position))

    assert finished == [2] and asked == []


def test_a_contest_is_stopped_within_a_step(layout, renderer):
    calls = iter(range(100))
    contest = a_contest((0, 1, 2), lambda imagined: [0])

    with pytest.raises(Cancelled):
        renderer.render(takes(layout, 3), contests=[contest], should_stop=lambda: next(calls) > 1)

    assert contest.kept is None
