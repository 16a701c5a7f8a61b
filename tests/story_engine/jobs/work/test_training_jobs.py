"""Trainings in the queue: they have their devices alone, are given time to save, and are never retried silently."""

import os
import signal
import time

import pytest

from story_engine.domain.job_spec import TrainSpec
from story_engine.jobs.queue.ledger import Ledger
from story_engine.jobs.queue.presence import dispatcher_state
from story_engine.jobs.queue.work_ledger import WorkLedger
from story_engine.store.layout import Layout
from tests.story_engine.jobs.conftest import Dispatchers, children_of, submit, wait_for
from tests.story_engine.jobs.light_work import LightSpec, notes
from tests.story_engine.jobs.queue.test_agent import Running, make_agent, order
from tests.story_engine.jobs.queue.test_dispatcher import is_over

__all__ = ["make_agent"]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    layout = Layout(folder / "workspace", folder / "stories")
    ledger, dispatchers = Ledger(layout), Dispatchers(layout)
    dispatchers.start()
    wait_for(lambda: dispatcher_state(layout) == "running", seconds=60)
    yield layout, ledger, dispatchers
    dispatchers.end()
    ledger.close()


def training(ledger, number=1, **spec):
    return ledger.submit(
        LightSpec(kind="train", run=f"run-{number}", name=f"Ink {number}", **spec),
        key=f"train-run-{number}",
        priority=0,
        user="me",
        story=None,
        scenes=(),
    )


def test_a_waiting_render_says_which_training_it_waits_for(served):
    _, ledger, _ = served
    spec = TrainSpec(run="ink-long", name="Ink 1")
    train = ledger.submit(spec, key="train-ink-long", priority=0, user="me", story=None, scenes=())
    wait_for(lambda: ledger.job(train).progress.step > 2)
    render = submit(ledger, 1)

    waiting = ledger.job(render)

    assert (waiting.state, waiting.progress.stage, waiting.progress.note) == ("queued", "waiting", "Ink 1")
    assert waiting.progress.total == 2000 and waiting.progress.eta_seconds is not None
    ledger.request_cancel(train)
    wait_for(is_over(ledger, train, render))
    assert (ledger.job(train).state, ledger.job(train).result.state) == ("done", "stopped")
    assert ledger.job(render).state == "done"


def test_a_stopped_training_is_given_the_time_to_save(served):
    layout, ledger, _ = served
    train = training(ledger, steps=2000, saving_seconds=2.0)
    wait_for(lambda: ledger.job(train).progress.step > 2)

    ledger.request_cancel(train)
    wait_for(is_over(ledger, train))

    assert ledger.job(train).state == "done"
    assert f"saved {train}" in notes(layout)


def test_a_forced_stop_does_not_wait(served):
    layout, ledger, _ = served
    train = training(ledger, steps=2000, saving_seconds=60.0)
    wait_for(lambda: ledger.job(train).progress.step > 2)
    ledger.request_cancel(train)

    asked = time.monotonic()
    ledger.request_cancel(train, is_forced=True)
    wait_for(is_over(ledger, train))

    assert time.monotonic() - asked < 30.0  # half of what the saving would take
    assert ledger.job(train).state == "cancelled"
    assert f"saved {train}" not in notes(layout)


def test_a_training_whose_process_was_killed_is_not_retried_silently(served):
    layout, ledger, _ = served
    train = training(ledger, steps=2000)
    pids = wait_for(lambda: [note.split()[3] for note in notes(layout) if note.startswith(f"trained {train} ")])

    os.kill(int(pids[0]), signal.SIGKILL)
    wait_for(is_over(ledger, train))

    view = ledger.job(train)
    assert (view.state, view.error_code, view.attempt) == ("failed", "jobs.crashed_training", 1)
    assert view.error_values["reason"] == "signal 9, SIGKILL"
    assert ledger.latest(["train-run-1", "train-unknown"])["train-run-1"].id == train


def test_a_training_goes_on_after_its_dispatcher_was_killed(layout, ledger, dispatchers):
    first = dispatchers.start()
    train = training(ledger, steps=30, seconds=0.1)
    wait_for(lambda: ledger.job(train).progress.step > 2)

    first.kill()
    first.wait()
    wait_for(lambda: not children_of(layout.workspace))
    dispatchers.start()
    wait_for(is_over(ledger, train))

    assert (ledger.job(train).state, ledger.job(train).attempt) == ("done", 2)


def test_threads_that_are_left_to_torch_are_not_given_as_zero(make_agent, layout, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)

    make_agent(threads=0).run(order(kind="train", steps=1), lambda _: None)

    assert "threads None" in notes(layout)
    log = (layout.logs / "child-0.log").read_text()
    assert "libgomp" not in log


def test_a_training_on_several_devices_has_them_alone(make_agent, layout):
    agent = make_agent(devices=("3", "5"))
    warm = [Running(agent, order(job, steps=5, seconds=0.05)) for job in (1, 2)]
    assert [each.wait().type for each in warm] == ["done", "done"]
    assert len(children_of(layout.workspace)) == 2

    running = Running(agent, order(3, kind="train", steps=2000, tokens=2))
    wait_for(lambda: running.progress)

    assert len(children_of(layout.workspace)) == 1
    assert "devices 3,5" in notes(layout)
    assert agent.run(order(4, steps=1), lambda _: None).type == "lost"
    agent.cancel(3, 1)
    assert running.wait().result.state == "stopped"
    assert agent.run(order(5, kind="train", steps=1), lambda _: None).type == "done"
    assert notes(layout)[-3] == "devices 3"


def test_nothing_overtakes_a_training_that_waits_for_all_devices(layout, ledger):
    work = WorkLedger(layout)
    wide = training(ledger, tokens=4)
    render = submit(ledger, 1)

    assert work.claim(free=1, most=2) is None

    claimed = work.claim(free=2, most=2)
    assert (claimed.job, claimed.tokens) == (wide, 2)
    assert work.claim(free=1, most=2).job == render
    work.close()


def test_a_render_beside_a_training_does_not_claim_to_wait_for_it(layout, ledger):
    work = WorkLedger(layout)
    training(ledger)
    work.claim(free=2, most=2)
    submit(ledger, 1)
    work.claim(free=1, most=2)

    waiting = ledger.job(submit(ledger, 2))

    assert (waiting.progress.stage, waiting.progress.note) == ("waiting", "")
    work.close()
