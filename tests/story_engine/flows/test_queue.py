"""What is asked for more than once, at once, or while it is being stopped."""

import threading

import pytest

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.edit import Edit
from story_engine.errors import Wait
from story_engine.jobs.queue.work_ledger import WorkLedger
from story_engine.store.layout import Layout

STORY = "cat"


@pytest.fixture
def config(tmp_path):
    return Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories")


@pytest.fixture
def services(config, monkeypatch):
    monkeypatch.setattr("story_engine.bootstrap.start_dispatcher", lambda config: None)
    services = open_services(config)
    assert flows.shelf.create(services, "cat") == STORY
    write(services, "prompt", "an orange kitten")
    write(services, "seed", 5)
    return services


def write(services, field, value, *, scene="s1"):
    seen = getattr(services.stories.load(STORY).scene(scene), field)
    services.stories.edit(STORY, [Edit(scene=scene, field=field, value=value, seen=seen)])


def seeds(services, *submitted):
    return [item.recipe.seed for each in submitted for item in services.ledger.spec(each.job).items]


def test_a_redo_asked_for_twice_is_two_takes(services):
    first, second = flows.queue.redo(services, STORY, "s1"), flows.queue.redo(services, STORY, "s1")

    assert first.job != second.job
    assert seeds(services, first, second) == [5, 6]


def test_more_takes_asked_for_again_count_on_from_those_that_wait(services):
    board = flows.queue.render(services, STORY, scenes=["s1"], takes=2)

    more = [flows.queue.redo(services, STORY, "s1", takes=3), flows.queue.redo(services, STORY, "s1", takes=2)]

    assert seeds(services, board, *more) == [5, 6, 7, 8, 9, 10, 11]


def test_redos_from_several_tabs_at_once_never_ask_for_the_same_picture(services, config):
    tabs = [open_services(config) for _ in range(3)]
    begin = threading.Barrier(len(tabs) * 2)
    found = []

    def ask(tab):
        begin.wait()
        found.extend(flows.queue.redo(tab, STORY, "s1", takes=2) for _ in range(3))

    threads = [threading.Thread(target=ask, args=(tab,)) for tab in tabs for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 18
    assert sorted(seeds(services, *found)) == list(range(5, 41))


def test_a_redo_that_was_stopped_is_asked_for_again_with_its_seed(services):
    stopped = flows.queue.redo(services, STORY, "s1")
    services.ledger.request_cancel(stopped.job)

    assert seeds(services, flows.queue.redo(services, STORY, "s1")) == [5]


def test_what_waits_for_other_words_or_another_scene_does_not_count(services):
    write(services, "prompt", "a dog", scene="s2")
    flows.queue.redo(services, STORY, "s1")
    write(services, "prompt", "an orange kitten asleep")

    again, other = flows.queue.redo(services, STORY, "s1"), flows.queue.redo(services, STORY, "s2")

    assert seeds(services, again) == [5]
    assert seeds(services, other) == [services.stories.load(STORY).scene("s2").seed]


def test_a_pinned_scene_that_waits_for_its_one_picture_gets_no_second_one(services):
    write(services, "pinned", True)

    first, second = flows.queue.redo(services, STORY, "s1"), flows.queue.redo(services, STORY, "s1")

    assert first.job == second.job


def test_a_render_asked_for_twice_is_one_job(services):
    assert (
        flows.queue.render(services, STORY, scenes=["s1"], takes=2).job
        == flows.queue.render(services, STORY, scenes=["s1"], takes=2).job
    )


def test_a_job_that_is_being_stopped_is_not_called_queued(services, config):
    job = flows.queue.redo(services, STORY, "s1").job
    work = WorkLedger(Layout.of(config))
    claim = work.claim()
    services.ledger.request_cancel(job)

    with pytest.raises(Wait) as raised:
        flows.queue.retry(services, job)

    assert raised.value.code == "jobs.being_stopped" and str(job) in str(raised.value)
    work.cancelled(claim.job, claim.attempt)
    assert flows.queue.retry(services, job) == job and flows.queue.job(services, job).state == "queued"
    work.close()
