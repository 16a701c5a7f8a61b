"""The ledger's file: who may read it, and what happens when it goes away while it is open."""

import stat

import pytest

from story_engine.domain.job import Progress
from story_engine.domain.job_result import DownloadResult
from story_engine.jobs.queue.ledger import Ledger
from story_engine.jobs.queue.work_ledger import WorkLedger
from tests.story_engine.jobs.conftest import submit, wait_for
from tests.story_engine.jobs.light_work import notes
from tests.story_engine.jobs.queue.test_dispatcher import is_over

RESULT = DownloadResult(family="kolors")
PARTS = ("", "-wal", "-shm")


def delete(layout):
    for suffix in PARTS:
        layout.ledger.with_name(layout.ledger.name + suffix).unlink(missing_ok=True)


def modes(layout):
    found = (layout.ledger.with_name(layout.ledger.name + suffix) for suffix in PARTS)
    return {stat.S_IMODE(path.stat().st_mode) for path in found if path.exists()}


@pytest.fixture
def work(layout):
    work = WorkLedger(layout)
    yield work
    work.close()


def test_nobody_else_may_read_a_ledger(layout, ledger):
    submit(ledger)

    assert modes(layout) == {0o600}


def test_a_ledger_that_everybody_could_read_is_closed_to_them(layout, ledger):
    submit(ledger)
    ledger.close()
    layout.ledger.chmod(0o644)

    ledger.jobs()

    assert modes(layout) == {0o600}


def test_a_ledger_that_was_opened_to_a_group_stays_open_to_it(layout, ledger):
    submit(ledger)
    ledger.close()
    layout.ledger.chmod(0o660)

    ledger.jobs()

    assert stat.S_IMODE(layout.ledger.stat().st_mode) == 0o660


def test_a_page_writes_into_the_list_that_is_there_now(layout, ledger):
    submit(ledger, 1)
    delete(layout)

    job = submit(ledger, 2)

    assert [view.id for view in Ledger(layout).jobs()] == [job]


def test_a_list_that_was_replaced_by_another_one_is_the_one_that_is_read(layout, ledger):
    first = submit(ledger, 1)
    ledger.close()
    kept = layout.ledger.with_name("kept")
    layout.ledger.rename(kept)
    assert ledger.jobs() == ()

    delete(layout)
    kept.rename(layout.ledger)

    assert [view.id for view in ledger.jobs()] == [first]


def test_the_dispatcher_s_side_takes_jobs_from_the_list_that_is_there_now(layout, ledger, work):
    submit(ledger, 1)
    delete(layout)
    job = submit(ledger, 2)

    assert work.claim().job == job
    assert work.done(job, 1, RESULT) and ledger.job(job).state == "done"


def test_what_runs_for_a_deleted_list_is_stopped_and_answers_for_no_other_job(layout, ledger, work):
    old = submit(ledger, 1)
    assert (work.claim().job, work.requested_cancels()) == (old, {})
    delete(layout)
    new = submit(ledger, 2)
    assert new == old  # the numbers begin again

    assert work.requested_cancels() == {old: False}
    assert work.claim() is None  # not before the other one of this number has ended
    work.set_progress({(old, 1): Progress(stage="denoising", step=3, total=4)})
    assert not work.done(old, 1, RESULT)

    assert ledger.job(new).state == "queued"
    claim = work.claim()
    assert (claim.job, claim.attempt, work.requested_cancels()) == (new, 1, {})
    assert ledger.job(new).progress.step == 0
    assert work.done(new, 1, RESULT)


def test_a_list_that_cannot_be_made_anew_is_tried_again(layout, ledger, work, monkeypatch):
    submit(ledger, 1)
    delete(layout)
    layout.ledger.mkdir()
    for question in (work.claim, work.waiting, ledger.jobs):
        with pytest.raises(Exception, match=r"jobs\.sqlite"):
            question()

    layout.ledger.rmdir()

    assert work.claim() is None and ledger.jobs() == ()


def test_deleting_the_list_under_a_dispatcher_that_works_costs_only_what_was_in_it(layout, ledger, dispatchers):
    submit(ledger, 1, steps=1000, seconds=0.05)
    dispatchers.start()
    wait_for(lambda: any(note.startswith("step") for note in notes(layout)))

    delete(layout)
    jobs = [submit(ledger, number) for number in (2, 3)]
    wait_for(is_over(ledger, *jobs), seconds=30, what="the jobs of the new list")

    assert [ledger.job(job).state for job in jobs] == ["done", "done"]
    assert layout.ledger.stat().st_size > 0
