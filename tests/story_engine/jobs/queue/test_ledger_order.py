import multiprocessing
import random
import time
from pathlib import Path

import pytest

from story_engine.domain.job import DIRECTIONS
from story_engine.domain.job_result import DownloadResult
from story_engine.errors import ChooseAnother
from story_engine.jobs.queue.ledger import Ledger
from story_engine.jobs.queue.work_ledger import WorkLedger
from story_engine.store.layout import Layout
from tests.story_engine.jobs.light_work import LightSpec

RESULT = DownloadResult(family="kolors")


@pytest.fixture
def work(layout):
    work = WorkLedger(layout)
    yield work
    work.close()


def submit(ledger, key="a", *, priority=0, user="anna"):
    spec = LightSpec(kind="render")
    return ledger.submit(spec, key=key, priority=priority, user=user, story="cat", scenes=("s1",))


def _user_of(work, job):
    return work._states.execute("SELECT user FROM jobs WHERE id = ?", (job,)).fetchone()[0]


def _order(ledger):
    return [turn.job.id for turn in ledger.turns()]


def test_what_waits_is_shown_in_the_order_in_which_it_is_claimed_whatever_was_moved(ledger, work):
    dice = random.Random(11)
    running = submit(ledger, "running", user="anna")
    work.claim()
    jobs = [
        submit(ledger, f"k{number}", priority=dice.choice((0, 0, 5, 10)), user=dice.choice(("anna", "ben")))
        for number in range(20)
    ]
    for _ in range(60):
        ledger.move(dice.choice(jobs), dice.choice(DIRECTIONS))
    late = submit(ledger, "late", user="anna")
    work.done(running, 1, RESULT)

    expected = _order(ledger)
    claimed = []
    while (claim := work.claim()) is not None:
        claimed.append(claim.job)
        work.done(claim.job, claim.attempt, RESULT)

    assert claimed == expected and sorted(claimed) == [*jobs, late]
    assert claimed.index(late) > max(
        place for place, job in enumerate(claimed[:-1]) if job in jobs and _user_of(work, job) == "anna"
    )


def test_a_job_moves_by_one_place_or_to_an_end_among_its_owners_jobs_and_takes_on_their_urgency(ledger, work):
    slow, other, slower = submit(ledger, "a"), submit(ledger, "b", user="ben"), submit(ledger, "c")
    redo = submit(ledger, "redo", priority=10)
    mine = {slow, slower, redo}

    def order():
        return [job for job in _order(ledger) if job in mine]

    assert order() == [redo, slow, slower]
    ledger.move(slower, "up")
    assert order() == [redo, slower, slow]
    ledger.move(slow, "first")
    assert order() == [slow, redo, slower] and _order(ledger)[0] == slow
    ledger.move(slow, "first")
    assert order() == [slow, redo, slower]
    ledger.move(slow, "last")
    assert order() == [redo, slower, slow]
    ledger.move(redo, "down")
    assert order() == [slower, redo, slow]
    ends = {turn.job.id: (turn.is_first, turn.is_last) for turn in ledger.turns()}
    assert ends == {slower: (True, False), redo: (False, False), slow: (False, True), other: (True, True)}


def test_only_what_waits_can_be_moved(ledger, work):
    begun, over = submit(ledger, "a"), submit(ledger, "b")
    work.claim()
    ledger.request_cancel(over)

    for job in (begun, over):
        with pytest.raises(ChooseAnother) as raised:
            ledger.move(job, "first")
        assert raised.value.code == "jobs.not_waiting"
    with pytest.raises(ChooseAnother, match="99"):
        ledger.move(99, "first")


def _move_for_ever(workspace: Path) -> None:
    ledger, dice = Ledger(Layout(workspace, workspace)), random.Random()
    while True:
        ledger.move(dice.choice([turn.job.id for turn in ledger.turns()]), dice.choice(DIRECTIONS))


@pytest.mark.thorough
def test_a_process_that_is_killed_while_it_moves_jobs_loses_and_doubles_none(layout, ledger, work):
    jobs = [submit(ledger, f"k{number}", priority=number % 3) for number in range(12)]
    began = _order(ledger)
    for _ in range(3):
        process = multiprocessing.get_context("spawn").Process(target=_move_for_ever, args=(layout.workspace,))
        process.start()
        while _order(ledger) == began and process.is_alive():
            time.sleep(0.01)
        process.kill()
        process.join()
        began = _order(ledger)

    assert sorted(began) == jobs
    places = ledger._connection().execute("SELECT coalesce(place, id) FROM jobs").fetchall()
    assert sorted(place for (place,) in places) == jobs
    assert [work.claim().job for _ in jobs] == began


def test_what_came_to_nothing_is_offered_again_until_somebody_has_asked_for_it(ledger, work):
    failed, cancelled, done = submit(ledger, "a"), submit(ledger, "b"), submit(ledger, "c")
    work.failed(failed, work.claim().attempt, code="jobs.unexpected", values={})
    ledger.request_cancel(cancelled)
    work.done(done, work.claim().attempt, RESULT)

    assert {view.id for view in ledger.stopped(since="2000", most=5)} == {failed, cancelled}
    assert ledger.stopped(since="9999", most=5) == ()
    submit(ledger, "a")
    ledger.retry(cancelled)

    assert ledger.stopped(since="2000", most=5) == ()
