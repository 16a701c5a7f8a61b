"""A contest as a job: survivors become takes, the others are remembered, and a second run goes on where it was."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from story_engine.domain.job_spec import RenderItem, RenderSpec
from story_engine.domain.recipe import CastPart, Recipe
from story_engine.errors import Cancelled
from story_engine.inference.contest import Imagined
from story_engine.jobs.cluster.needs import needs_of
from story_engine.jobs.work import render
from story_engine.jobs.work.contest import Contests
from story_engine.store.stopped_takes import StoppedTakeStore
from story_engine.store.takes import TakeStore
from tests.builders import a_take
from tests.story_engine.inference.small_preview import recipe, small_workspace

JOB = 11


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORY_STUDIO_THREADS", "1")
        yield


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    return small_workspace(tmp_path_factory.mktemp("small"))


def a_spec(layout, story: str, *, takes: int = 3, keep: int = 1, **changes) -> RenderSpec:
    items = [RenderItem(scene="s1", number=seed, recipe=recipe(layout, seed=seed, **changes)) for seed in range(takes)]
    return RenderSpec(story=story, items=tuple(items), score=False, keep=keep)


def run(layout, spec, *, should_stop=lambda: False, report=lambda progress: None):
    return render.run(spec, job=JOB, report=report, should_stop=should_stop, layout=layout)


def test_one_is_finished_the_others_are_remembered_with_their_reason_and_can_be_finished(layout):
    spec, store = a_spec(layout, "contest"), StoppedTakeStore(layout)

    result = run(layout, spec)

    (take,) = TakeStore(layout).takes_of("contest", "s1")
    assert take.made_with["contest"] == "1 of 3 after 2 steps"
    stopped = store.stopped("contest", "s1")
    assert {take.id, *(each.id for each in stopped)} == {item.recipe.digest for item in spec.items}
    assert [each.place for each in stopped] == [2, 3] and {each.job for each in stopped} == {JOB}
    assert [(name.take, name.reason) for name in result.stopped] == [(each.id, each.reason) for each in stopped[::-1]]
    assert [each.steps for each in stopped] == [2, 1]
    assert all(set(each.measures.adherence.words) == {"橙色", "猫", "宫殿大厅", "水墨画"} for each in stopped)
    assert {each.reason.code for each in stopped} <= {"contest.adherence", "contest.agreement", "contest.score"}
    assert store.picture("contest", "s1", stopped[0].id).startswith(b"\xff\xd8")

    again = run(layout, spec)  # as after a crash behind the verdict: nobody is judged twice, nothing is painted twice
    assert (again.takes, again.stopped, again.found) == ((), (), 1)

    run(layout, RenderSpec(story="contest", items=(stopped[0].item,), score=False))
    assert [each.id for each in store.stopped("contest", "s1")] == [stopped[1].id]
    finished = TakeStore(layout).find("contest", "s1", stopped[0].id)
    run(layout, RenderSpec(story="alone", items=(stopped[0].item,), score=False))
    pictures = [
        np.asarray(Image.open(TakeStore(layout).picture(each)), dtype=int)
        for each in (finished, TakeStore(layout).find("alone", "s1", finished.id))
    ]
    assert np.abs(pictures[0] - pictures[1]).max() == 0


def test_a_contest_that_is_cut_off_before_its_verdict_leaves_nothing_behind_and_begins_anew(layout):
    spec, calls = a_spec(layout, "cut-off"), iter(range(100))

    with pytest.raises(Cancelled):
        run(layout, spec, should_stop=lambda: next(calls) > 1)
    assert StoppedTakeStore(layout).stopped("cut-off", "s1") == TakeStore(layout).takes_of("cut-off", "s1") == ()

    assert len(run(layout, spec).stopped) == 2


def test_a_contest_that_is_cut_off_after_its_verdict_finishes_its_survivor(layout):
    spec, stages = a_spec(layout, "survivor"), []

    def is_behind_the_verdict() -> bool:
        return len(StoppedTakeStore(layout).stopped("survivor", "s1")) == 2

    with pytest.raises(Cancelled):
        run(layout, spec, should_stop=is_behind_the_verdict)
    stopped = StoppedTakeStore(layout).stopped("survivor", "s1")

    result = run(layout, spec, report=lambda progress: stages.append(progress.stage))

    assert "judging" not in stages
    assert {name.take for name in result.takes} | {each.id for each in stopped} == {i.recipe.digest for i in spec.items}


def test_a_contest_that_is_cut_off_between_its_rounds_goes_on_with_those_that_are_left(layout):
    spec, store = a_spec(layout, "between", takes=4), StoppedTakeStore(layout)

    with pytest.raises(Cancelled):
        run(layout, spec, should_stop=lambda: bool(store.stopped("between", "s1")))
    before = {each.id for each in store.stopped("between", "s1")}
    assert len(before) == 2

    result = run(layout, spec)

    stopped = {each.id for each in store.stopped("between", "s1")}
    assert before < stopped and len(stopped) == 3
    (take,) = TakeStore(layout).takes_of("between", "s1")
    assert take.id == result.takes[0].take and take.id not in stopped
    assert take.made_with["contest"] == "1 of 2 after 1 steps"


def test_a_prompt_of_another_world_and_a_family_without_a_judge_are_judged_once_by_the_other_measures(
    layout, monkeypatch
):
    from story_engine.errors import InstallOrDownload
    from story_engine.preview_model.runtime import PreviewRuntime

    def damaged(_):
        raise InstallOrDownload("contest.judge_damaged", file="x", reason="y")

    items = [RenderItem(scene="s1", number=n, recipe=recipe(layout, seed=n, prompt="量子纠缠")) for n in range(4)]
    known = a_spec(layout, "no-judge", takes=4).items

    (other,) = Contests(layout, "no-judge", items, 1, JOB).held()
    monkeypatch.setattr(PreviewRuntime, "prompt_judge", damaged)
    (nobody,) = Contests(layout, "no-judge", known, 1, JOB).held()
    monkeypatch.undo()
    (read,) = Contests(layout, "no-judge", known, 1, JOB).held()

    assert [len(each.rounds) for each in (other, nobody, read)] == [1, 1, 2]


def test_without_a_scorer_and_a_judge_who_began_first_goes_on(layout, monkeypatch):
    from story_engine.errors import InstallOrDownload
    from story_engine.jobs.work import contest

    def no_scorer(*_, **__):
        raise InstallOrDownload("scoring.damaged", folder="x", reason="y")

    monkeypatch.setattr(contest, "scorer_for", no_scorer)

    run(layout, a_spec(layout, "blind", prompt="量子纠缠"))

    (take,) = TakeStore(layout).takes_of("blind", "s1")
    assert take.recipe.seed == 0
    assert {each.reason.code for each in StoppedTakeStore(layout).stopped("blind", "s1")} == {"contest.alike"}


def test_likeness_to_the_anchor_of_its_cast_counts_where_that_is_painted(layout):
    """Drawn, not painted: two imagined pictures agree as much with each other; the second looks as the anchor."""
    rng = np.random.default_rng(0)
    drawn = [Image.fromarray(rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)).resize((256, 256)) for _ in range(2)]
    anchor = recipe(layout, seed=99)
    store = TakeStore(layout)
    store.add(a_take(anchor, story="cast", scene="s2"), drawn[1], {})
    part = CastPart(character="cat", words=(0, 3), anchor=anchor, anchor_words=(0, 3), from_step=0, until_step=1)
    items = [RenderItem(scene="s1", number=n, recipe=recipe(layout, seed=n, cast=(part,))) for n in range(2)]
    (held,) = Contests(layout, "cast", items, 1, JOB).held()

    imagined = [
        Imagined(position=place, picture=picture, latents=torch.zeros(4, 32, 32)) for place, picture in enumerate(drawn)
    ]
    kept = held.judge(imagined, held.rounds[0])

    stopped = {each.item.number: each.measures.anchor for each in StoppedTakeStore(layout).stopped("cast", "s1")}
    assert kept == [1] and stopped.keys() == {0} and stopped[0] < 0.9999

    (held,) = Contests(layout, "not-painted", items, 1, JOB).held()
    held.judge(imagined, held.rounds[0])
    assert {each.measures.anchor for each in StoppedTakeStore(layout).stopped("not-painted", "s1")} == {None}


def test_what_a_contest_stops_lies_in_the_workspace_so_no_far_machine_holds_it():
    item = RenderItem(scene="s1", number=0, recipe=Recipe.model_construct(family="preview", weights_hash="a" * 64))
    plain = RenderSpec.model_construct(story="x", items=(item,), keep=0).model_dump_json()

    assert needs_of("render", plain, 1).is_abroad
    contest = needs_of("render", plain.replace('"keep":0', '"keep":1'), 1)
    assert not contest.is_abroad and contest.is_in_the_folder
