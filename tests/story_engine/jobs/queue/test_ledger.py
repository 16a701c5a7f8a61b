import multiprocessing
import sqlite3
import time
from pathlib import Path

import pytest

from story_engine.domain.job import Progress
from story_engine.domain.job_result import DownloadResult
from story_engine.errors import ChooseAnother, FixInput, LookAtLog, Wait
from story_engine.jobs.queue import ledger_file, ledger_schema
from story_engine.jobs.queue.ledger import Ledger
from story_engine.jobs.queue.ledger_claim import MOST_STOPS
from story_engine.jobs.queue.ledger_file import network_file_system
from story_engine.jobs.queue.work_ledger import MOST_CRASHES, WorkLedger
from story_engine.messages import message
from story_engine.store.layout import Layout
from tests.story_engine.jobs.light_work import LightSpec

RESULT = DownloadResult(family="kolors")


@pytest.fixture
def work(layout):
    work = WorkLedger(layout)
    yield work
    work.close()


def submit(ledger, key="a", *, priority=0, user="me", story="cat", scenes=("s1",), kind="render", **spec):
    return ledger.submit(
        LightSpec(kind=kind, **spec), key=key, priority=priority, user=user, story=story, scenes=scenes
    )


def test_a_job_is_seen_as_it_was_submitted(ledger):
    job = submit(ledger, scenes=("雨", "s2"), prompt="一只小猫 🐈")

    view = ledger.job(job)

    assert (view.kind, view.state, view.story, view.scenes) == ("render", "queued", "cat", ("雨", "s2"))
    assert view.progress.stage == "waiting"
    assert view.is_active and not view.wants_cancel and view.error_code is None
    assert ledger.jobs() == (view,)
    assert ledger.jobs(story="dog") == ()


def test_submitting_the_same_twice_makes_one_job(ledger, work):
    first = submit(ledger, "a")

    assert submit(ledger, "a") == first
    work.claim()
    assert submit(ledger, "a") == first
    assert submit(ledger, "b") != first


def test_submitting_again_after_the_end_makes_another_job(ledger, work):
    first = submit(ledger)
    work.claim()
    work.done(first, 1, RESULT)

    assert submit(ledger) != first


def test_a_job_that_is_being_stopped_does_not_swallow_a_new_request(ledger, work):
    first = submit(ledger)
    work.claim()
    ledger.request_cancel(first)

    second = submit(ledger)

    assert second != first
    work.cancelled(first, 1)
    assert work.claim().job == second


def test_asking_again_more_urgently_moves_the_job_forward(ledger, work):
    submit(ledger, "other", priority=5)
    slow = submit(ledger, "slow", priority=0)

    submit(ledger, "slow", priority=10)

    assert work.claim().job == slow


def _submit_often(workspace: Path, count: int) -> list[int]:
    ledger = Ledger(Layout(workspace, workspace))
    return [submit(ledger, f"key-{number}") for number in range(count)]


def test_processes_that_submit_the_same_at_once_make_one_job_each(layout, ledger):
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        found = pool.starmap(_submit_often, [(layout.workspace, 10)] * 3)

    assert found[0] == found[1] == found[2]
    assert len(ledger.jobs()) == 10


def test_higher_priority_goes_first_and_equals_in_order_of_submission(ledger, work):
    board = submit(ledger, "board", priority=0)
    redo = submit(ledger, "redo", priority=10)
    other_redo = submit(ledger, "other redo", priority=10)

    assert [work.claim().job for _ in range(3)] == [redo, other_redo, board]
    assert work.claim() is None


def test_users_take_turns_however_many_jobs_one_of_them_queues(ledger, work):
    for number in range(20):
        submit(ledger, f"a{number}", user="anna")
    for number in range(2):
        submit(ledger, f"b{number}", user="ben")
    submit(ledger, "c", user="cleo")
    owners = {view.id: view.scenes for view in ledger.jobs()}
    assert len(owners) == 23

    turns = []
    for _ in range(6):
        claim = work.claim()
        turns.append(_user_of(work, claim.job))
        work.done(claim.job, claim.attempt, RESULT)

    assert turns == ["anna", "ben", "cleo", "anna", "ben", "anna"]


def test_a_user_with_running_jobs_waits_for_one_without(ledger, work):
    for number in range(3):
        submit(ledger, f"a{number}", user="anna")
    work.claim()
    submit(ledger, "b", user="ben")

    assert _user_of(work, work.claim().job) == "ben"


def _user_of(work, job):
    return work._states.execute("SELECT user FROM jobs WHERE id = ?", (job,)).fetchone()[0]


def test_claiming_from_ten_thousand_jobs_costs_no_more_than_from_ten(ledger, work):
    submit(ledger, "first")
    with ledger_schema.transaction(work._states):
        work._states.executemany(
            "INSERT INTO jobs (key, kind, state, user, priority, scenes, spec, created_at)"
            " VALUES (?, 'render', 'queued', ?, 0, '[]', '{}', '')",
            [(f"k{number}", f"user-{number % 5}") for number in range(10_000)],
        )

    seconds = []
    for _ in range(20):
        started = time.perf_counter()
        assert work.claim() is not None
        seconds.append(time.perf_counter() - started)

    assert sorted(seconds)[10] < 0.02  # two thirds of it are the flush of the commit


def test_an_outcome_of_an_earlier_attempt_changes_nothing(ledger, work):
    job = submit(ledger)
    work.claim()
    assert work.crashed(job, 1, reason="signal 9")
    assert work.claim().attempt == 2

    assert not work.done(job, 1, DownloadResult(family="wrong"))
    assert not work.crashed(job, 1, reason="late")
    assert ledger.job(job).state == "running"

    assert work.done(job, 2, RESULT)
    assert ledger.job(job).result == RESULT
    assert not work.failed(job, 2, code="jobs.unexpected", values={})


def test_progress_of_an_earlier_attempt_is_not_shown(ledger, work):
    job = submit(ledger)
    work.claim()
    work.set_progress({(job, 1): Progress(stage="denoising", step=3, total=20, scenes=("s1",), previews={"s1": "p"})})
    assert ledger.job(job).progress.step == 3
    assert ledger.job(job).progress.scenes == ("s1",)

    work.crashed(job, 1, reason="signal 9")
    work.claim()
    work.set_progress({(job, 1): Progress(stage="denoising", step=19, total=20)})

    assert ledger.job(job).progress == Progress(stage="loading")


def test_three_crashes_fail_a_job_with_the_reason_in_words(ledger, work):
    job = submit(ledger)
    for _ in range(MOST_CRASHES):
        claim = work.claim()
        work.crashed(job, claim.attempt, reason="signal 11")

    view = ledger.job(job)

    assert view.state == "failed" and view.error_code == "jobs.crashed"
    assert view.error_values == {"reason": "signal 11", "times": 3}
    assert work.claim() is None


def test_a_device_that_fails_three_times_fails_the_job_and_a_training_is_told_at_once(ledger, work):
    render, training = submit(ledger, 1), submit(ledger, 2, kind="train")
    for _ in range(3):
        claim = work.claim()
        work.device_lost(claim.job, claim.attempt, reason="CUDA error: unknown error")
    claim = work.claim()
    work.device_lost(claim.job, claim.attempt, reason="CUDA error: unknown error")

    failed, interrupted = ledger.job(render), ledger.job(training)
    assert (failed.state, failed.attempt, failed.error_code) == ("failed", 3, "jobs.device_lost")
    assert (interrupted.state, interrupted.attempt) == ("failed", 1)
    for view in (failed, interrupted):
        for language in ("en", "zh"):
            assert "CUDA error: unknown error" in message(view.error_code, language, **view.error_values)


def test_a_measuring_of_the_form_is_tried_again_like_a_render_and_nobody_waits_for_it_as_for_a_training(ledger, work):
    training, measure = submit(ledger, "t", kind="train"), submit(ledger, "m", kind="measure")
    work.crashed(training, work.claim().attempt, reason="signal 9")
    work.crashed(measure, work.claim().attempt, reason="signal 9")
    assert [ledger.job(job).state for job in (training, measure)] == ["failed", "queued"]

    work.claim()

    assert ledger.job(submit(ledger, "waits")).progress == Progress(stage="waiting")


def test_ends_of_the_dispatcher_are_counted_apart_and_hold_the_job(ledger, work):
    job = submit(ledger)
    for _ in range(MOST_STOPS - 1):
        work.claim()
        assert work.take_over() == 1
    assert work.crashed(job, work.claim().attempt, reason="signal 9")
    assert ledger.job(job).state == "queued"

    work.claim()
    assert work.take_over() == 0

    assert (ledger.job(job).state, ledger.job(job).error_code) == ("held", "jobs.held")
    assert work.claim() is None


def test_a_stalled_job_gets_one_more_try(ledger, work):
    job = submit(ledger)

    work.stalled(job, work.claim().attempt, seconds=120, step=19)
    assert ledger.job(job).state == "queued"
    work.stalled(job, work.claim().attempt, seconds=120, step=19)

    assert ledger.job(job).error_code == "jobs.stalled"


def test_cancelling_stops_waiting_jobs_at_once_and_running_ones_by_a_request(ledger, work):
    running, waiting = submit(ledger, "a"), submit(ledger, "b")
    work.claim()

    ledger.request_cancel(running)
    ledger.request_cancel(waiting)

    assert ledger.job(waiting).state == "cancelled"
    assert ledger.job(running).wants_cancel
    assert work.requested_cancels() == {running: False}
    assert work.claim() is None


@pytest.mark.parametrize("end", ["take_over", "crashed", "put_back", "stalled"])
def test_a_job_that_was_asked_to_stop_is_not_started_again(ledger, work, end):
    job = submit(ledger)
    work.claim()
    ledger.request_cancel(job)

    if end == "take_over":
        work.take_over()
    elif end == "crashed":
        work.crashed(job, 1, reason="signal 9")
    elif end == "stalled":
        work.stalled(job, 1, seconds=1, step=1)
    else:
        work.put_back(job, 1)

    assert ledger.job(job).state == "cancelled"


def test_a_failed_job_starts_over_with_clean_counters(ledger, work):
    job = submit(ledger)
    for _ in range(MOST_CRASHES):
        work.crashed(job, work.claim().attempt, reason="signal 9")

    assert ledger.retry(job) == job

    view = ledger.job(job)
    assert (view.state, view.error_code, view.wants_cancel) == ("queued", None, False)
    work.crashed(job, work.claim().attempt, reason="signal 9")
    assert ledger.job(job).state == "queued"


def test_retrying_what_is_queued_again_already_names_that_job(ledger):
    first = submit(ledger)
    ledger.request_cancel(first)
    second = submit(ledger)

    assert ledger.retry(first) == second
    assert ledger.retry(second) == second
    with pytest.raises(ChooseAnother):
        ledger.retry(99)


def test_a_job_that_does_not_exist_is_named(ledger):
    with pytest.raises(ChooseAnother, match="99"):
        ledger.job(99)
    with pytest.raises(ChooseAnother):
        ledger.request_cancel(99)


def test_finished_jobs_are_listed_up_to_the_last_fifty(ledger):
    for number in range(60):
        ledger.request_cancel(submit(ledger, f"k{number}"))
    last = submit(ledger, "last")

    assert [view.id for view in ledger.jobs()] == [last]
    listed = [view.id for view in ledger.jobs(active=False)]
    assert len(listed) == 50 and listed == sorted(listed) and listed[-1] == last


def test_a_ledger_on_a_network_disk_is_refused(layout, monkeypatch):
    monkeypatch.setattr(ledger_file, "_mounted", lambda: [("/", "ext4"), (str(layout.workspace), "nfs4")])

    with pytest.raises(FixInput, match="nfs4"):
        Ledger(layout).jobs()


def test_the_nearest_mount_decides_what_disk_a_folder_is_on():
    mounts = [("/", "nfs"), ("/home", "ext4"), ("/home/share", "CIFS"), ("/homes", "nfs")]

    assert network_file_system(Path("/home/me/work"), mounts) is None
    assert network_file_system(Path("/home/share/me"), mounts) == "cifs"
    assert network_file_system(Path("/opt"), mounts) == "nfs"
    assert network_file_system(Path("/home"), []) is None


def test_a_full_disk_refuses_a_submission_and_keeps_what_is_queued(ledger):
    first = submit(ledger)
    pages = ledger._connection().execute("PRAGMA page_count").fetchone()[0]
    ledger._connection().execute(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(Wait) as raised:
        submit(ledger, "large", text="x" * 100_000)

    assert raised.value.code == "jobs.ledger_full"
    assert [view.id for view in ledger.jobs()] == [first]
    ledger._connection().execute("PRAGMA max_page_count = 1000000")
    assert submit(ledger, "large", text="x" * 100_000) > first


def test_a_damaged_ledger_is_named(layout):
    layout.workspace.mkdir()
    layout.ledger.write_bytes(b"no database at all, but long enough to be one" * 100)

    with pytest.raises(LookAtLog) as raised:
        Ledger(layout).jobs()

    assert raised.value.code == "jobs.ledger_damaged"


def test_a_workspace_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(Wait) as raised:
        Ledger(Layout(tmp_path / "file" / "workspace", tmp_path)).jobs()

    assert raised.value.code == "jobs.ledger_read_only"


def test_a_ledger_of_a_newer_studio_is_left_alone(layout):
    layout.workspace.mkdir()
    with sqlite3.connect(layout.ledger) as newer:
        newer.execute("PRAGMA user_version = 99")

    with pytest.raises(LookAtLog, match="99"):
        submit(Ledger(layout))
