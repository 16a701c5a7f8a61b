from __future__ import annotations

from story_engine.domain.job import JobView, Progress
from story_engine.domain.job_spec import RenderItem, RenderSpec
from story_engine.domain.panel_work import PanelWork, panel_work
from tests.builders import a_recipe


def a_render(scenes: dict[str, int], *, sweep: bool = False, first_seed: int = 0) -> RenderSpec:
    items = [
        RenderItem(scene=scene, number=number, recipe=a_recipe(prompt=scene, seed=first_seed + number))
        for scene, count in scenes.items()
        for number in range(count)
    ]
    return RenderSpec(story="a-story", items=tuple(items), sweep=sweep)


def a_job(spec: RenderSpec, *, state: str = "queued", wants_cancel: bool = False, **progress) -> JobView:
    return JobView(
        id=1,
        kind="render",
        state=state,
        story=spec.story,
        scenes=tuple(dict.fromkeys(item.scene for item in spec.items)),
        attempt=1,
        progress=Progress(**progress),
        error_code=None,
        error_values={},
        log_id=None,
        created_at="2026-11-21T09:00:00Z",
        wants_cancel=wants_cancel,
        result=None,
    )


def test_a_panel_is_queued_painted_or_waits_and_is_free_once_its_pictures_are_there():
    board = a_render({"s1": 1, "s2": 1, "s3": 2})
    running = a_job(board, state="running", stage="denoising", step=5, total=20, scenes=("s2",))
    there = {"s1": [board.items[0].recipe.digest], "s3": [board.items[2].recipe.digest]}

    assert panel_work([(running, board)], there) == {
        "s2": PanelWork(state="painting", pictures=1, step=5, total=20),
        "s3": PanelWork(state="queued", pictures=1),
    }
    waiting = a_job(board, note="ink, night")
    assert panel_work([(waiting, board)], {})["s3"] == PanelWork(state="waiting", pictures=2, waits_for="ink, night")


def test_what_is_painted_says_more_than_what_is_queued_behind_it():
    now, later = a_render({"s1": 1}), a_render({"s1": 2}, first_seed=7)
    running = a_job(now, state="running", stage="denoising", step=1, total=2, scenes=("s1",))

    for order in ([(running, now), (a_job(later), later)], [(a_job(later), later), (running, now)]):
        assert panel_work(order, {}) == {"s1": PanelWork(state="painting", pictures=3, step=1, total=2)}


def test_comparisons_and_what_is_being_stopped_are_no_work_for_a_panel():
    sweep, stopped = a_render({"s1": 4}, sweep=True), a_render({"s2": 1})

    assert panel_work([(a_job(sweep), sweep), (a_job(stopped, wants_cancel=True), stopped)], {}) == {}


def test_the_share_of_a_picture_is_never_more_than_all_of_it():
    assert PanelWork(state="painting", pictures=1, step=30, total=20).share == 1.0
    assert PanelWork(state="queued", pictures=1).share == 0.0
