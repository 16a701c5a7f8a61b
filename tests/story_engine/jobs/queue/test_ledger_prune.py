"""What the ledger forgets and what it keeps."""

import pytest

from story_engine.domain.job import Retention
from story_engine.domain.job_result import DownloadResult, MeasureResult, TrainResult
from story_engine.jobs.queue import ledger_prune, work_ledger
from story_engine.jobs.queue.ledger import Ledger
from story_engine.jobs.queue.ledger_prune import MOST_LISTED
from story_engine.jobs.queue.work_ledger import WorkLedger
from tests.story_engine.jobs.light_work import LightSpec

RESULT = DownloadResult(family="kolors")
OLD = "2020-01-01T00:00:00+00:00"


@pytest.fixture
def work(layout):
    work = WorkLedger(layout)
    yield work
    work.close()


def submit(ledger, key, *, kind="render", story=None, **spec):
    return ledger.submit(LightSpec(kind=kind, **spec), key=key, priority=0, user="me", story=story, scenes=())


def done(ledger, work, key, *, result=RESULT, **fields):
    job = submit(ledger, key, **fields)
    claim = work.claim()
    work.done(claim.job, claim.attempt, result)
    return job


def many(ledger, work, count, **fields):
    return [done(ledger, work, f"key-{number}", **fields) for number in range(count)]


def ids(ledger):
    return {row["id"] for row in ledger._read("SELECT id FROM jobs", {})}


def age(ledger, *jobs):
    marks = [(OLD, job) for job in jobs]
    ledger._connection().executemany("UPDATE jobs SET ended_at = ? WHERE id = ?", marks)


def test_finished_jobs_are_kept_by_number(ledger, work):
    jobs = many(ledger, work, MOST_LISTED + 20)

    assert ledger.prune(Retention(jobs=MOST_LISTED + 5, days=90)) == 15

    assert ids(ledger) == set(jobs[15:])


def test_finished_jobs_are_kept_by_age(ledger, work):
    jobs = many(ledger, work, MOST_LISTED + 20)
    age(ledger, *jobs[3:9])

    assert ledger.prune(Retention(jobs=10_000, days=30)) == 6

    assert ids(ledger) == {*jobs[:3], *jobs[9:]}


def test_jobs_that_wait_run_or_are_held_are_never_forgotten(ledger, work):
    waiting, running, held = (submit(ledger, name) for name in ("waiting", "running", "held"))
    connection = ledger._connection()
    connection.execute("UPDATE jobs SET created_at = ?", (OLD,))
    connection.execute("UPDATE jobs SET state = 'held' WHERE id = ?", (held,))
    connection.execute("UPDATE jobs SET state = 'running', attempt = 1 WHERE id = ?", (running,))
    connection.execute("UPDATE jobs SET priority = -9 WHERE id = ?", (waiting,))
    many(ledger, work, MOST_LISTED + 3)

    ledger.prune(Retention(jobs=0, days=0))

    assert {waiting, running, held} <= ids(ledger)


def test_what_a_page_still_reads_is_kept(ledger, work):
    measured = MeasureResult(seconds_per_step=1, seconds_per_picture=1, seconds_per_sample=1)
    first = done(ledger, work, "train-ink", kind="train", result=TrainResult(state="stopped"))
    again = done(ledger, work, "train-ink", kind="train", result=TrainResult(state="finished"))
    measure = done(ledger, work, "measure-x", kind="measure", result=measured)
    story = done(ledger, work, "render-cat", story="cat")
    jobs = many(ledger, work, MOST_LISTED + 3)
    age(ledger, first, again, measure, story, *jobs)

    ledger.prune(Retention(jobs=0, days=0))

    # The choice of a run, the time of its steps, why a story's last job came to nothing, and what the list shows.
    assert ids(ledger) == {again, measure, story, *jobs[3:]}
    assert ledger.latest(["train-ink"])["train-ink"].result.state == "finished"


def test_progress_goes_with_its_job(ledger, work):
    jobs = many(ledger, work, MOST_LISTED + 1)
    ledger._connection().execute("INSERT INTO progress VALUES (?, 1, '{}')", (jobs[0],))

    ledger.prune(Retention(jobs=0, days=0))

    assert ledger._read("SELECT * FROM progress", {}) == []


def test_forgetting_gives_the_space_back_and_the_size_says_so(layout, ledger, work, monkeypatch):
    monkeypatch.setattr(ledger_prune, "_LEAST_FREE_BYTES", 2**16)
    many(ledger, work, MOST_LISTED + 60, text="x" * 40_000)
    before = ledger.size()
    assert before.jobs == MOST_LISTED + 60 and before.active == 0

    ledger.prune(Retention(jobs=0, days=0))

    after = ledger.size()
    assert after.jobs == MOST_LISTED
    assert after.size_bytes < 0.6 * before.size_bytes
    wal = layout.ledger.with_name("jobs.sqlite-wal")
    assert not wal.exists() or wal.stat().st_size == 0


def test_the_log_is_emptied_though_somebody_reads_at_the_same_time(layout, ledger, work):
    many(ledger, work, 30, text="x" * 40_000)
    reader = Ledger(layout)
    reader.jobs(active=False)

    ledger.prune()

    assert layout.ledger.with_name("jobs.sqlite-wal").stat().st_size == 0
    assert len(reader.jobs(active=False)) == 30


def test_the_dispatcher_s_side_tidies_once_in_a_while(layout, ledger, monkeypatch):
    work = WorkLedger(layout, Retention(jobs=0, days=90))
    many(ledger, work, MOST_LISTED + 2)

    work.tidy()
    assert len(ids(ledger)) == MOST_LISTED
    many(ledger, work, 3)
    work.tidy()
    assert len(ids(ledger)) == MOST_LISTED + 3
    monkeypatch.setattr(work_ledger, "PRUNE_SECONDS", 0.0)
    work.tidy()

    assert len(ids(ledger)) == MOST_LISTED
    work.close()
