"""A clock that is put forward by a year and back by a day, while jobs wait and run."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from story_engine.jobs.queue import ledger as ledger_module
from story_engine.jobs.queue import ledger_claim, work_ledger
from story_engine.jobs.queue.agent import AgentSettings
from story_engine.jobs.queue.child_process import ChildCommand
from story_engine.jobs.queue.dispatching import Dispatcher, DispatcherSettings
from story_engine.jobs.queue.presence import dispatcher_state
from tests.story_engine.jobs.conftest import LIGHT_WORK, submit, wait_for
from tests.story_engine.jobs.light_work import notes

YEAR, DAY = 365 * 86_400.0, 86_400.0


@pytest.fixture
def put_clock(monkeypatch):
    """Moves the clock of this process, whoever asks for it."""
    real, moved = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + moved[0])
    for module in (ledger_module, ledger_claim, work_ledger):
        monkeypatch.setattr(
            module, "now", lambda: (datetime.now(UTC) + timedelta(seconds=moved[0])).isoformat(timespec="seconds")
        )
    return lambda seconds: moved.__setitem__(0, seconds)


@pytest.fixture
def dispatcher(layout):
    child = ChildCommand(workspace=layout.workspace, stories=layout.stories, work=LIGHT_WORK, idle_seconds=60)
    agent = AgentSettings(child=child, devices=(None,), threads=1, logs=layout.logs, stall_seconds=20)
    dispatcher = Dispatcher(layout, DispatcherSettings(agent=agent, idle_seconds=60))
    thread = threading.Thread(target=dispatcher.serve)
    thread.start()
    yield dispatcher
    dispatcher.stop()
    thread.join(60)


def test_jobs_keep_their_order_and_their_attempt_whatever_the_clock_does(layout, ledger, dispatcher, put_clock):
    jobs = [submit(ledger, 0, steps=30, seconds=0.02)]
    wait_for(lambda: ledger.job(jobs[0]).progress.step > 1)
    for number, moved in enumerate((YEAR, -DAY, 0.0), start=1):
        put_clock(moved)
        jobs.append(submit(ledger, number, steps=2, seconds=0.02))
        step = ledger.job(jobs[0]).progress.step
        wait_for(lambda step=step: ledger.job(jobs[0]).progress.step > step)
        assert dispatcher_state(layout) == "running"

    put_clock(YEAR)
    wait_for(lambda: not ledger.job(jobs[1]).is_active)
    put_clock(-DAY)
    wait_for(lambda: not ledger.jobs())

    views = [ledger.job(job) for job in jobs]
    assert [(view.state, view.attempt) for view in views] == [("done", 1)] * 4
    assert list(dict.fromkeys(int(note.split()[1]) for note in notes(layout) if note.startswith("step"))) == jobs
    assert {view.id for view in ledger.jobs(active=False)} == set(jobs)
