"""One dispatcher for the lists of a whole class: real lists of real people, in turns."""

import itertools

import pytest

from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.job import Progress
from story_engine.domain.job_result import RenderResult
from story_engine.domain.job_spec import RenderSpec, TrainSpec
from story_engine.jobs.queue import class_ledger
from story_engine.jobs.queue.bell import ring, rung
from story_engine.jobs.queue.class_ledger import ClassLedger
from story_engine.store.layout import Layout
from story_engine.store.members import enrol

NAMES = ("alice", "bob", "小明")
DONE = RenderResult(takes=(), found=0, seconds=1.0)


@pytest.fixture
def config(tmp_path):
    (tmp_path / "stories").mkdir()
    return Config(workspace=tmp_path / "class", stories=tmp_path / "stories", user_header="x-user")


@pytest.fixture
def people(config):
    return {name: open_services(enrol(config, name)) for name in NAMES}


@pytest.fixture
def ledger(config, people):
    opened = ClassLedger(Layout.of(config))
    yield opened
    opened.close()


def submit(config, services, *keys, priority=0):
    jobs = [
        services.ledger.submit(
            RenderSpec(story="a", items=(), score=False),
            key=key,
            priority=priority,
            user=services.user,
            story="a",
            scenes=(),
        )
        for key in keys
    ]
    ring(Layout.of(config), services.layout.workspace)
    return jobs


def whose(people, claim):
    return next(name for name, each in people.items() if str(each.layout.workspace) == claim.workspace)


def test_who_asks_for_much_does_not_come_before_who_asks_for_one_thing(config, people, ledger):
    submit(config, people["alice"], *"abcdefgh", priority=10)
    submit(config, people["bob"], "a")
    submit(config, people["小明"], *"ab")

    order = []
    while (claim := ledger.claim()) is not None:
        order.append(whose(people, claim))
        ledger.done(claim.job, claim.attempt, DONE)

    assert sorted(order[:3]) == sorted(NAMES)
    assert sorted(order[3:5]) == ["alice", "小明"]
    assert order[5:] == ["alice"] * 6


def test_whoever_has_nothing_running_gets_the_next_device(config, people, ledger):
    submit(config, people["alice"], *"abc")
    first, second = ledger.claim(free=2, most=2), ledger.claim(free=1, most=2)
    submit(config, people["bob"], "a")
    ledger.done(first.job, first.attempt, DONE)

    assert whose(people, second) == "alice"
    assert whose(people, ledger.claim(free=1, most=2)) == "bob"


def test_outcomes_and_progress_go_to_the_list_that_the_job_came_from(config, people, ledger):
    jobs = {name: submit(config, people[name], "same")[0] for name in NAMES}
    assert set(jobs.values()) == {1}, "numbers repeat from list to list"
    claims = [ledger.claim(free=3 - n, most=3) for n in range(3)]
    assert len({claim.job for claim in claims}) == 3
    people["bob"].ledger.request_cancel(1)
    tickets = {whose(people, claim): claim for claim in claims}

    assert ledger.requested_cancels() == {tickets["bob"].job: False}
    ledger.set_progress({(claim.job, claim.attempt): Progress(stage=name) for name, claim in tickets.items()})
    assert {name: people[name].ledger.job(1).progress.stage for name in NAMES} == {name: name for name in NAMES}
    assert {ledger.live(claim.job) for claim in claims} == {people[name].layout.live(1) for name in NAMES}
    ledger.cancelled(tickets["bob"].job, 1)
    ledger.failed(tickets["小明"].job, 1, code="jobs.unexpected", values={"kind": "x", "log_id": "y"})
    ledger.put_back(tickets["alice"].job, 1)
    states = {name: people[name].ledger.job(1).state for name in NAMES}
    assert states == {"alice": "queued", "bob": "cancelled", "小明": "failed"}


def test_what_runs_long_makes_way_for_those_who_have_nothing_and_for_no_more_than_them(
    config, people, ledger, monkeypatch
):
    submit(config, people["alice"], *"abc")
    claim = ledger.claim()
    assert ledger.to_pause() == ()
    monkeypatch.setattr(class_ledger, "SLICE_SECONDS", 0.0)
    assert ledger.to_pause() == (), "her own jobs wait for each other"
    submit(config, people["bob"], "a")
    assert ledger.claim(free=0, asides=0) is None

    asked = [ledger.to_pause(), ledger.to_pause()]

    assert asked == [((claim.job, claim.attempt),), ()], "once"
    ledger.put_back(claim.job, claim.attempt)
    assert whose(people, ledger.claim()) == "bob"


def test_a_training_is_not_asked_to_make_way_and_keeps_no_other_job_from_doing_so(config, people, ledger, monkeypatch):
    monkeypatch.setattr(class_ledger, "SLICE_SECONDS", 0.0)
    alice = people["alice"]
    alice.ledger.submit(TrainSpec(run="r"), key="t", priority=0, user=alice.user, story=None, scenes=())
    ring(Layout.of(config), alice.layout.workspace)
    training = ledger.claim(free=2, most=2)
    submit(config, people["bob"], "a")
    render = ledger.claim(free=1, most=2)
    assert (training.kind, render.kind) == ("train", "render")
    submit(config, people["小明"], "a")
    assert ledger.claim(free=0, asides=0) is None

    assert ledger.to_pause() == ((render.job, render.attempt),)


def test_a_list_that_cannot_be_read_keeps_nobody_else_waiting(config, people, ledger):
    submit(config, people["bob"], "a")
    people["alice"].ledger.close()
    people["alice"].layout.ledger.write_bytes(b"no list of jobs" * 1000)
    ring(Layout.of(config), people["alice"].layout.workspace)

    claim = ledger.claim()

    assert whose(people, claim) == "bob"
    assert ledger.done(claim.job, claim.attempt, DONE)


def test_lists_with_nothing_to_do_are_closed_and_opened_again_when_somebody_rings(config, people, ledger, monkeypatch):
    clock = itertools.count(0, 100)
    monkeypatch.setattr(class_ledger.time, "monotonic", lambda: float(next(clock)))
    submit(config, people["bob"], "a")
    claim = ledger.claim()
    ledger.done(claim.job, claim.attempt, DONE)
    assert ledger.waiting() == 0
    assert not [each for each in ledger._desks if each != config.workspace], "no file of theirs is held open"

    submit(config, people["bob"], "b")

    assert rung(Layout.of(config))
    assert whose(people, ledger.claim()) == "bob"
    assert not rung(Layout.of(config))


def test_what_a_dead_dispatcher_left_is_queued_again(config, people):
    submit(config, people["bob"], "a")
    dead = ClassLedger(Layout.of(config))
    assert dead.claim() is not None
    dead.close()

    ledger = ClassLedger(Layout.of(config))

    assert ledger.take_over() == 1
    assert whose(people, ledger.claim()) == "bob"
    ledger.close()


def test_a_bell_for_a_folder_that_is_nobody_s_is_taken_away(config, people, ledger):
    for name in ("..", "nobody"):
        (config.workspace / "waiting").mkdir(exist_ok=True)
        if name != "..":
            (config.workspace / "waiting" / name).touch()

    assert ledger.claim() is None
    assert not rung(Layout.of(config))
