import signal
import time

import psutil
import pytest

from story_engine.errors import Wait
from story_engine.jobs.queue import dispatching
from story_engine.jobs.queue.agent import AgentSettings
from story_engine.jobs.queue.child_process import ChildCommand
from story_engine.jobs.queue.dispatcher import ANOTHER_SERVES
from story_engine.jobs.queue.dispatching import Dispatcher, DispatcherSettings
from story_engine.jobs.queue.ledger import Ledger
from story_engine.jobs.queue.placement import Placement, Room
from story_engine.jobs.queue.presence import dispatcher_state
from story_engine.jobs.queue.starts import start_begins, start_failed, start_trouble
from story_engine.jobs.queue.work_ledger import WorkLedger
from story_engine.store.layout import Layout
from tests.story_engine.jobs.conftest import Dispatchers, children_of, submit, wait_for
from tests.story_engine.jobs.light_work import notes


def is_over(ledger, *jobs):
    return lambda: all(not ledger.job(job).is_active for job in jobs)


class Served:
    """A workspace with a dispatcher that several tests share: a fresh one costs seconds."""

    def __init__(self, folder):
        self.layout = Layout(folder / "workspace", folder / "stories")
        self.ledger = Ledger(self.layout)
        self.dispatchers = Dispatchers(self.layout)
        self.process = self.dispatchers.start()
        wait_for(lambda: dispatcher_state(self.layout) == "running", seconds=60)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    served = Served(tmp_path_factory.mktemp("served"))
    yield served
    served.dispatchers.end()
    served.ledger.close()


def test_a_job_goes_from_the_ledger_through_a_child_and_back(served):
    job = submit(served.ledger, 5, steps=3)

    wait_for(is_over(served.ledger, job))

    view = served.ledger.job(job)
    assert (view.state, view.attempt, view.progress.step) == ("done", 1, 3)
    assert len(view.result.takes) == 1
    assert dispatcher_state(served.layout) == "running"


def test_progress_is_seen_while_the_job_runs(served):
    job = submit(served.ledger, steps=1000, seconds=0.05)

    wait_for(lambda: served.ledger.job(job).progress.step > 2)

    asked = time.monotonic()
    served.ledger.request_cancel(job)
    wait_for(is_over(served.ledger, job))
    assert time.monotonic() - asked < 1.0
    assert (served.ledger.job(job).state, served.ledger.job(job).error_code) == ("cancelled", "jobs.cancelled")


def test_a_stop_that_comes_with_the_start_is_not_lost(served):
    for number in range(100, 110):
        job = submit(served.ledger, number, steps=1000, seconds=0.02)
        wait_for(lambda job=job: served.ledger.job(job).state == "running")

        served.ledger.request_cancel(job)
        wait_for(is_over(served.ledger, job))

        assert served.ledger.job(job).state == "cancelled"


def test_one_token_does_one_job_at_a_time_and_the_urgent_one_next(served):
    first = submit(served.ledger, 1, steps=10, seconds=0.05)
    wait_for(lambda: served.ledger.job(first).state == "running")
    board = submit(served.ledger, 2)
    redo = submit(served.ledger, 3, priority=10)
    assert [served.ledger.job(job).state for job in (board, redo)] == ["queued", "queued"]

    wait_for(is_over(served.ledger, first, board, redo))

    jobs = [str(job) for job in (first, redo, board)]
    began = [note.split()[1] for note in notes(served.layout) if note.startswith("step") and note.split()[2] == "1"]
    assert [job for job in began if job in jobs] == jobs


def test_nothing_waits_for_work_that_needs_no_device_and_it_waits_for_no_device(served):
    """Such as a download, which may take an hour."""
    slow = submit(served.ledger, 201, steps=2000, seconds=0.05, kind="verify")
    render = submit(served.ledger, 202, steps=2000, seconds=0.05)
    wait_for(lambda: served.ledger.job(slow).progress.step > 0 and served.ledger.job(render).progress.step > 0)
    urgent = submit(served.ledger, 203, steps=2, priority=5)
    second = submit(served.ledger, 204, steps=2, kind="verify")
    time.sleep(0.5)
    assert [served.ledger.job(job).state for job in (urgent, second)] == ["queued", "queued"]

    served.ledger.request_cancel(slow)
    wait_for(is_over(served.ledger, slow, second))

    states = [served.ledger.job(job).state for job in (slow, render, urgent, second)]
    assert states == ["cancelled", "running", "queued", "done"]
    served.ledger.request_cancel(render)
    wait_for(is_over(served.ledger, render, urgent))


def test_a_job_that_kills_its_child_three_times_fails_and_the_next_one_is_done(served):
    poison = submit(served.ledger, 1, die_at=1)
    healthy = submit(served.ledger, 2)

    wait_for(is_over(served.ledger, poison, healthy))

    assert (served.ledger.job(poison).state, served.ledger.job(poison).error_code) == ("failed", "jobs.crashed")
    assert served.ledger.job(poison).error_values == {"reason": "signal 9, SIGKILL", "times": 3}
    assert (served.ledger.job(healthy).state, served.ledger.job(healthy).attempt) == ("done", 1)


def test_a_failure_in_words_and_a_bug_both_reach_the_ledger(served):
    wrong = submit(served.ledger, 1, fail=True)
    bug = submit(served.ledger, 2, kind="score")

    wait_for(is_over(served.ledger, wrong, bug))

    assert (served.ledger.job(wrong).error_code, served.ledger.job(wrong).error_values["most"]) == ("render.takes", 64)
    assert served.ledger.job(bug).error_code == "jobs.unexpected" and len(served.ledger.job(bug).log_id) == 8


def test_a_job_that_stands_still_is_tried_once_more_and_then_fails(ledger, dispatchers):
    job = submit(ledger, 1, hang_at=2)
    dispatchers.start(stall_seconds=0.5)

    wait_for(is_over(ledger, job))

    assert (ledger.job(job).error_code, ledger.job(job).attempt) == ("jobs.stalled", 2)


def test_a_second_dispatcher_leaves_the_workspace_to_the_first(layout, dispatchers):
    first = dispatchers.start()
    wait_for(lambda: dispatcher_state(layout) == "running")

    second = dispatchers.start()

    assert second.wait(60) == ANOTHER_SERVES
    assert first.poll() is None and dispatcher_state(layout) == "running"


def test_two_dispatchers_started_at_once_become_one(layout, ledger, dispatchers):
    both = [dispatchers.start(), dispatchers.start()]
    job = submit(ledger)

    wait_for(is_over(ledger, job))
    wait_for(lambda: sorted(process.poll() is None for process in both) == [False, True])

    assert ledger.job(job).attempt == 1


def test_an_idle_dispatcher_leaves_with_its_child_and_says_so(layout, ledger, dispatchers):
    process = dispatchers.start(idle_seconds=0.5)
    job = submit(ledger)

    assert process.wait(60) == 0

    assert ledger.job(job).state == "done"
    assert dispatcher_state(layout) == "stopped"
    assert not children_of(layout.workspace)


def test_a_killed_dispatcher_leaves_no_child_behind_and_its_job_is_done_by_the_next(layout, ledger, dispatchers):
    job = submit(ledger, steps=20, seconds=0.05)
    first = dispatchers.start()
    wait_for(lambda: ledger.job(job).progress.step > 2)

    first.kill()
    wait_for(lambda: not children_of(layout.workspace), what="the end of the child")
    # A killed process closes its pipes, which ends its child, before it counts as ended itself.
    wait_for(lambda: dispatcher_state(layout) == "stopped", what="the end of the dispatcher")
    dispatchers.start()
    wait_for(is_over(ledger, job))

    assert (ledger.job(job).state, ledger.job(job).attempt) == ("done", 2)


def test_a_dispatcher_that_is_told_to_leave_queues_its_job_without_blame(layout, ledger, dispatchers):
    job = submit(ledger, steps=1000, seconds=0.05)
    process = dispatchers.start()
    wait_for(lambda: ledger.job(job).progress.step > 2)

    process.send_signal(signal.SIGTERM)

    assert process.wait(60) == 0
    assert ledger.job(job).state == "queued"
    assert not children_of(layout.workspace)


def test_nothing_listens_beyond_this_machine(served):
    job = submit(served.ledger, 300)
    wait_for(is_over(served.ledger, job))  # now there is a child too

    listening = [
        connection.laddr.ip
        for one in [psutil.Process(served.process.pid), *children_of(served.layout.workspace)]
        for connection in one.net_connections()
        if connection.status == psutil.CONN_LISTEN
    ]

    assert set(listening) <= {"127.0.0.1", "::1"}


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs SIGSTOP")
def test_a_ledger_that_cannot_be_written_for_a_while_loses_no_outcome(layout, ledger, dispatchers):
    from story_engine.jobs.queue.ledger_file import connect

    job = submit(ledger, steps=5, seconds=0.05)
    dispatchers.start()
    wait_for(lambda: ledger.job(job).progress.step > 2)
    blocker = connect(layout.ledger, is_durable=True)
    blocker.execute("BEGIN IMMEDIATE")
    wait_for(lambda: any(note.startswith("stored") for note in notes(layout)))

    blocker.execute("ROLLBACK")
    blocker.close()

    wait_for(is_over(ledger, job))
    assert (ledger.job(job).state, ledger.job(job).attempt) == ("done", 1)


def test_leftovers_that_cannot_be_looked_at_keep_nobody_from_working(layout, ledger, dispatchers):
    folder = layout.takes("cat", "s1")
    folder.mkdir(parents=True)
    (folder / "dangling.png").symlink_to(folder / "nowhere")
    (folder / "loop.png.tmp").symlink_to(folder / "loop.png.tmp")
    (layout.takes("cat", "s2")).symlink_to(layout.takes("cat", "s2"))
    (layout.workspace / "takes" / "file").write_bytes(b"")

    dispatchers.start()
    job = submit(ledger)

    wait_for(lambda: ledger.job(job).state == "done")


class _OneToken:
    judge = None

    def room(self):
        return Room(1, 1)


class _Unclosable(_OneToken):
    """A placement that an order stops the dispatcher of, and whose end fails."""

    def __init__(self, settings, on_event):
        self.dispatcher = None

    def place(self, order):
        _Unclosable.stop()

    def close(self):
        raise TimeoutError("the children do not answer")


def a_dispatcher(layout, *, idle_seconds=60.0, places=Placement):
    child = ChildCommand(workspace=layout.workspace, stories=layout.stories, work="x:Y", idle_seconds=1)
    agent = AgentSettings(child=child, devices=(None,), threads=1, logs=layout.logs)
    return Dispatcher(layout, DispatcherSettings(agent=agent, idle_seconds=idle_seconds, places=places))


def test_whatever_fails_at_its_end_jobs_are_queued_again_without_blame(layout, ledger):
    job = submit(ledger)
    dispatcher = a_dispatcher(layout, places=_Unclosable)
    _Unclosable.stop = dispatcher.stop

    with pytest.raises(TimeoutError):
        dispatcher.serve()

    assert ledger.job(job).state == "queued"
    assert dispatcher_state(layout) == "stopped"
    again = WorkLedger(layout)
    assert again.take_over() == 0, "none was left running, so none is charged"
    again.close()


class _Broken(_OneToken):
    """A placement that nothing can be given to."""

    def __init__(self, settings, on_event):
        pass

    def place(self, order):
        raise RuntimeError("can't start new thread")

    def close(self):
        pass


def test_one_that_breaks_as_soon_as_it_serves_counts_as_not_started(layout, ledger, monkeypatch):
    job = submit(ledger)
    for _ in range(2):
        start_begins(layout)
        with pytest.raises(RuntimeError):
            a_dispatcher(layout, places=_Broken).serve()
        start_failed(layout, "can't start new thread")

    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 10)
    assert start_trouble(layout).reason == "can't start new thread"
    assert ledger.job(job).state == "queued"


def test_one_that_has_served_a_while_or_leaves_in_order_has_started(layout, ledger, monkeypatch):
    for settled, idle in ((0.0, 0.3), (60.0, 0.1)):
        monkeypatch.setattr(dispatching, "SETTLED_SECONDS", settled)
        for _ in range(2):
            start_begins(layout)

        a_dispatcher(layout, idle_seconds=idle).serve()

        now = time.time()
        with monkeypatch.context() as later:
            later.setattr(time, "time", lambda now=now: now + 10)
            assert start_trouble(layout) is None


def test_a_disk_that_is_full_as_it_wants_to_leave_is_asked_again(layout, ledger, monkeypatch):
    usual, asked = WorkLedger.waiting, []

    def waiting(self):
        asked.append(1)
        if len(asked) == 1:
            raise Wait("files.disk_full", path=layout.ledger)
        return usual(self)

    monkeypatch.setattr(WorkLedger, "waiting", waiting)
    monkeypatch.setattr(dispatching, "TROUBLE_SECONDS", 0.01)

    a_dispatcher(layout, idle_seconds=0.1).serve()

    assert len(asked) == 2


def test_a_class_is_not_served_by_several_machines_and_the_page_says_which_setting_to_unset(layout, monkeypatch):
    monkeypatch.setenv("STORY_STUDIO_USER_HEADER", "x-user")
    monkeypatch.setenv("STORY_STUDIO_SCHEDULER", "tls://10.0.0.2:8786")
    for _ in range(2):
        start_begins(layout)
    dispatchers = Dispatchers(layout)
    try:
        assert dispatchers.start().wait(60) == 1
    finally:
        dispatchers.end()

    monkeypatch.setattr("story_engine.jobs.queue.starts.STARTING_SECONDS", 0.0)
    told = start_trouble(layout).told
    assert told.code == "members.no_cluster"
    assert "STORY_STUDIO_SCHEDULER" in told.text("en")
