"""A contest is asked for, and what it stopped is listed, finished and forgotten."""

from __future__ import annotations

import pytest
from PIL import Image

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.contest import Measures, StoppedTake
from story_engine.domain.edit import Edit
from story_engine.domain.job_result import Failure
from story_engine.errors import ChooseAnother, FixInput

STORY = "cat"


@pytest.fixture
def services(tmp_path, monkeypatch):
    monkeypatch.setattr("story_engine.bootstrap.start_dispatcher", lambda config: None)
    services = open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))
    assert flows.shelf.create(services, "cat") == STORY
    write(services, "prompt", "an orange kitten")
    write(services, "seed", 5)
    return services


def write(services, field, value, *, scene="s1"):
    seen = getattr(services.stories.load(STORY).scene(scene), field)
    services.stories.edit(STORY, [Edit(scene=scene, field=field, value=value, seen=seen)])


def stop(services, item, *, place=2):
    stopped = StoppedTake(
        item=item,
        steps=3,
        measures=Measures(score=4.0),
        reason=Failure(code="contest.score", values={"best": "5", "value": "4.00", "other": "5.00"}),
        place=place,
        job=1,
        created_at="2026-11-29T10:00:00+00:00",
    )
    services.stopped_takes.add(STORY, stopped, Image.new("RGB", (256, 256)))
    return stopped


def test_new_takes_begin_once_and_the_job_says_how_many_are_finished(services):
    first = flows.contest.begin(services, STORY, scenes=["s1"], takes=4)
    second = flows.contest.begin(services, STORY, scenes=["s1"], takes=2)

    specs = [services.ledger.spec(each.job) for each in (first, second)]
    assert [[item.recipe.seed for item in spec.items] for spec in specs] == [[5, 6, 7, 8], [9, 10]]
    assert [spec.keep for spec in specs] == [1, 1]
    work = flows.queue.work_on_panels(services, STORY, flows.queue.jobs(services, story=STORY))
    assert work["s1"].pictures == 2  # one of each contest, not six


def test_of_a_board_every_scene_that_can_holds_its_own(services):
    write(services, "prompt", "a dog", scene="s2")
    write(services, "prompt", "a fox", scene="s3")
    write(services, "pinned", True, scene="s3")

    submitted = flows.contest.begin(services, STORY, takes=3, keep=2)

    items = services.ledger.spec(submitted.job).items
    assert sorted(item.scene for item in items) == ["s1"] * 3 + ["s2"] * 3


def test_what_was_stopped_is_listed_finished_by_its_own_recipe_and_never_begun_again(services):
    begun = services.ledger.spec(flows.contest.begin(services, STORY, scenes=["s1"], takes=3).job).items
    services.ledger.request_cancel(1)
    second, third = stop(services, begun[1]), stop(services, begun[2], place=3)

    assert [each.id for each in flows.contest.stopped(services, STORY, "s1")] == [second.id, third.id]
    finishing = services.ledger.spec(flows.contest.finish(services, STORY, "s1", [third.id]).job)
    assert finishing.items == (begun[2],) and finishing.keep == 0
    again = services.ledger.spec(flows.contest.begin(services, STORY, scenes=["s1"], takes=2).job)
    assert [item.recipe.seed for item in again.items] == [5, 8]  # 6 and 7 were seen

    assert flows.contest.forget(services, STORY, "s1") == 2
    assert flows.contest.stopped(services, STORY, "s1") == ()
    with pytest.raises(ChooseAnother, match="not remembered"):
        flows.contest.finish(services, STORY, "s1", [third.id])


@pytest.mark.parametrize(("takes", "keep"), [(1, 1), (4, 4), (4, 0), (100, 1)])
def test_numbers_that_leave_nothing_to_choose_from_are_refused(services, takes, keep):
    with pytest.raises(FixInput):
        flows.contest.begin(services, STORY, scenes=["s1"], takes=takes, keep=keep)
    assert flows.queue.jobs(services, story=STORY) == ()


def test_a_pinned_scene_and_a_story_without_words_say_what_to_do(services):
    write(services, "pinned", True)

    with pytest.raises(FixInput, match="Unpin"):
        flows.contest.begin(services, STORY, scenes=["s1"])
    with pytest.raises(ChooseAnother, match="unpin"):
        flows.contest.begin(services, STORY)


def test_a_damaged_record_is_passed_over(services):
    begun = services.ledger.spec(flows.contest.begin(services, STORY, scenes=["s1"], takes=2).job).items
    stopped = stop(services, begun[1])
    folder = services.layout.stopped_takes(STORY, "s1")
    (folder / "damaged.json").write_text("{")

    assert [each.id for each in flows.contest.stopped(services, STORY, "s1")] == [stopped.id]
    assert services.takes.takes(STORY) == {}  # they are no takes
    services.takes.sweep()
    assert services.stopped_takes.picture(STORY, "s1", stopped.id) is not None
