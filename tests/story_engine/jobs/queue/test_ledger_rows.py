"""Rows that cannot be read: failed jobs with their reason, which keep nobody else waiting."""

import pytest

from story_engine.errors import LookAtLog
from story_engine.jobs.queue.work_ledger import WorkLedger
from story_engine.messages import message
from tests.story_engine.jobs.conftest import submit

DAMAGE = {
    "scenes": ['["s1"', "7", "[" * 100_000, b"\xff\xfe", '["\\ud800"]'],
    "error_values": ["", "[1]", "{" * 50_000],
    "result": ['{"kind": "render"}', '{"kind": "paint"}', "null", '{"takes": "x"}', b"\x00\xff"],
    "state": ["runing", "", b"\xff"],
    "kind": ["paint", 7],
    "attempt": ["many"],
    "created_at": [b"\xff\x00"],
    "error_code": [b"\xff"],
    "story": [b"\xff\xfe"],
    "wants_cancel": ["perhaps"],
}
"""Column → what may stand in it after a bad sector or somebody's editor."""


@pytest.fixture
def work(layout):
    work = WorkLedger(layout)
    yield work
    work.close()


def damage(ledger, job, column, value):
    ledger._connection().execute(f"UPDATE jobs SET {column} = ? WHERE id = ?", (value, job))


def test_a_damaged_row_is_a_failed_job_with_its_reason_and_the_others_are_shown(ledger):
    damaged = {}
    for column, values in DAMAGE.items():
        for value in values:
            job = submit(ledger, len(damaged))
            ledger.request_cancel(job)
            damage(ledger, job, column, value)
            damaged[job] = (column, value)
    healthy = submit(ledger, 999)

    views = {view.id: view for view in ledger.jobs(active=False)}

    assert set(views) == {*damaged, healthy} and views[healthy].state == "queued"
    for job in damaged:
        view = views[job]
        assert (view.state, view.error_code) == ("failed", "jobs.unreadable_row"), damaged[job]
        assert damaged[job][0] in view.error_values["reason"]
        assert all(message(view.error_code, language, **view.error_values) for language in ("en", "zh"))
        with pytest.raises(LookAtLog):
            ledger.retry(job)


def test_a_damaged_row_that_waits_is_given_up_and_the_next_one_is_taken(ledger, work):
    first, second = submit(ledger, 1), submit(ledger, 2)
    damage(ledger, first, "scenes", b"\xff[")

    assert work.claim().job == second

    assert ledger.job(first).state == "failed"
    assert [view.id for view in ledger.jobs()] == [second]


def test_damaged_progress_is_no_progress(ledger, work):
    job = submit(ledger, 1)
    work.claim()
    ledger._connection().execute("INSERT INTO progress VALUES (?, 1, ?)", (job, "{" * 40_000))

    assert ledger.job(job).progress.stage == "loading"


def test_a_job_that_waits_for_a_training_with_a_damaged_specification_is_still_shown(ledger, work):
    training = submit(ledger, 1, kind="train")
    work.claim()
    damage(ledger, training, "spec", "{")

    assert ledger.job(submit(ledger, 2)).progress.note == ""
