"""A contest in the renderer: who goes on is painted as if alone, who is stopped costs a few steps."""

from __future__ import annotations

import numpy as np
import pytest

from story_engine.domain.contest import judged_step
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


@pytest.mark.parametrize("sampler", ["ddim", "dpmpp_2m_karras"])
def test_a_survivor_is_the_take_painted_alone(layout, renderer, sampler):
    """Its company leaves the batch in the middle of the run: the second-order sampler keeps what it knows of it."""
    recipes, seen = takes(layout, 5, sampler=sampler), []
    contest = Contest(positions=tuple(range(5)), keep=2, judge=lambda imagined: seen.extend(imagined) or [4, 1])
    finished = {}

    renderer.render(recipes, contests=[contest], on_picture=finished.__setitem__)

    assert [each.position for each in seen] == [0, 1, 2, 3, 4] and seen[0].picture.size == (256, 256)
    assert sorted(finished) == [1, 4]
    for position, picture in finished.items():
        alone = renderer.render([recipes[position]])[0]
        assert np.abs(np.asarray(picture, dtype=int) - np.asarray(alone, dtype=int)).max() <= 1
        assert np.asarray(picture).std() > 5


def test_stopped_takes_cost_the_steps_before_the_verdict_and_progress_ends_at_its_end(layout, renderer):
    """Two scenes, each its own contest, beside a picture that is in none."""
    recipes, told = [*takes(layout, 4), *takes(layout, 3, sampler="ddim"), recipe(layout, seed=9, steps=STEPS)], []
    contests = [
        Contest(positions=(0, 1, 2, 3), keep=1, judge=lambda imagined: [2]),
        Contest(positions=(4, 5, 6), keep=1, judge=lambda imagined: [6]),
    ]
    finished: list[int] = []

    renderer.render(
        recipes, contests=contests, on_step=told.append, on_picture=lambda position, _: finished.append(position)
    )

    assert sorted(finished) == [2, 6, 7]
    steps: list[RenderProgress] = [each for each in told if each.stage == "denoising"]
    begun, rest = judged_step(STEPS), STEPS - judged_step(STEPS)
    assert steps[-1].step == steps[-1].total == 2 * begun + rest + 2 * begun + rest + STEPS  # of batches of two
    assert {each.stage for each in told} >= {"judging", "decoding"}


def test_a_contest_that_is_decided_is_not_held_again_when_memory_ran_out_behind_it(layout, renderer):
    asked: list[int] = []
    contest = Contest(positions=(0, 1, 2), keep=1, judge=lambda imagined: asked.append(len(imagined)) or [2])
    contest.kept = frozenset({2})
    finished: list[int] = []

    renderer.render(takes(layout, 3), contests=[contest], on_picture=lambda position, _: finished.append(position))

    assert finished == [2] and asked == []


def test_a_contest_is_stopped_within_a_step(layout, renderer):
    calls = iter(range(100))
    contest = Contest(positions=(0, 1, 2), keep=1, judge=lambda imagined: [0])

    with pytest.raises(Cancelled):
        renderer.render(takes(layout, 3), contests=[contest], should_stop=lambda: next(calls) > 1)

    assert contest.kept is None
