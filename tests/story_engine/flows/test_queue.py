"""What is asked for more than once, at once, or while it is being stopped."""

import threading

import pytest

from story_engine.bootstrap import open_engine
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
def engine(config, monkeypatch):
    monkeypatch.setattr("story_engine.bootstrap.start_dispatcher", lambda config: None)
    engine = open_engine(config)
    assert engine.create("cat") == STORY
    write(engine, "prompt", "an orange kitten")
    write(engine, "seed", 5)
    return engine


def write(engine, field, value, *, scene="s1"):
    seen = getattr(engine.story(STORY).scene(scene), field)
    engine.edit(STORY, [Edit(scene=scene, field=field, value=value, seen=seen)])


def seeds(engine, *submitted):
    return [item.recipe.seed for each in submitted for item in engine.services.ledger.spec(each.job).items]


def test_a_redo_asked_for_twice_is_two_takes(engine):
    first, second = engine.redo(STORY, "s1"), engine.redo(STORY, "s1")

    assert first.job != second.job
    assert seeds(engine, first, second) == [5, 6]


def test_more_takes_asked_for_again_count_on_from_those_that_wait(engine):
    board = engine.render(STORY, scenes=["s1"], takes=2)

    more = [engine.redo(STORY, "s1", takes=3), engine.redo(STORY, "s1", takes=2)]

    assert seeds(engine, board, *more) == [5, 6, 7, 8, 9, 10, 11]


def test_redos_from_several_tabs_at_once_never_ask_for_the_same_picture(engine, config):
    tabs = [open_engine(config) for _ in range(3)]
    begin = threading.Barrier(len(tabs) * 2)
    found = []

    def ask(tab):
        begin.wait()
        found.extend(tab.redo(STORY, "s1", takes=2) for _ in range(3))

    threads = [threading.Thread(target=ask, args=(tab,)) for tab in tabs for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 18
    assert sorted(seeds(engine, *found)) == list(range(5, 41))


def test_a_redo_that_was_stopped_is_asked_for_again_with_its_seed(engine):
    stopped = engine.redo(STORY, "s1")
    engine.cancel(stopped.job)

    assert seeds(engine, engine.redo(STORY, "s1")) == [5]


def test_what_waits_for_other_words_or_another_scene_does_not_count(engine):
    write(engine, "prompt", "a dog", scene="s2")
    engine.redo(STORY, "s1")
    write(engine, "prompt", "an orange kitten asleep")

    again, other = engine.redo(STORY, "s1"), engine.redo(STORY, "s2")

    assert seeds(engine, again) == [5]
    assert seeds(engine, other) == [engine.story(STORY).scene("s2").seed]


def test_a_pinned_scene_that_waits_for_its_one_picture_gets_no_second_one(engine):
    write(engine, "pinned", True)

    first, second = engine.redo(STORY, "s1"), engine.redo(STORY, "s1")

    assert first.job == second.job


def test_a_render_asked_for_twice_is_one_job(engine):
    assert engine.render(STORY, scenes=["s1"], takes=2).job == engine.render(STORY, scenes=["s1"], takes=2).job


def test_a_job_that_is_being_stopped_is_not_called_queued(engine, config):
    job = engine.redo(STORY, "s1").job
    work = WorkLedger(Layout.of(config))
    claim = work.claim()
    engine.cancel(job)

    with pytest.raises(Wait) as raised:
        engine.retry(job)

    assert raised.value.code == "jobs.being_stopped" and str(job) in str(raised.value)
    work.cancelled(claim.job, claim.attempt)
    assert engine.retry(job) == job and engine.job(job).state == "queued"
    work.close()
