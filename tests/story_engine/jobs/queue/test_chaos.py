import random

import psutil
import pytest

from story_engine.jobs.queue.presence import dispatcher_state
from story_engine.store.takes import TakeStore
from tests.story_engine.jobs.conftest import children_of, submit, wait_for
from tests.story_engine.jobs.light_work import notes

JOBS = 25
KILLS = 8
SEED = 20


@pytest.mark.thorough
def test_killing_children_and_dispatchers_at_random_loses_nothing_and_does_nothing_twice(layout, ledger, dispatchers):
    dice = random.Random(SEED)
    jobs = [submit(ledger, number, steps=6, seconds=0.02) for number in range(JOBS)]
    dispatcher = dispatchers.start()
    victims = ["child"] * (KILLS - 3) + ["dispatcher"] * 3
    dice.shuffle(victims)

    for victim in victims:
        # A number of steps, not a time: the kill falls into the middle of work however slow the machine is.
        until = len(notes(layout)) + dice.randint(1, 14)
        wait_for(lambda until=until: len(notes(layout)) >= until, seconds=150, what="the next step")
        if victim == "child":
            kill(wait_for(lambda: children_of(layout.workspace)))
        else:
            dispatcher.kill()
            dispatcher.wait()
            assert dispatcher_state(layout) == "stopped"
            dispatcher = dispatchers.start()
    wait_for(lambda: not ledger.jobs(), seconds=250, what="the end of all jobs")

    views = [ledger.job(job) for job in jobs]
    assert [view.state for view in views] == ["done"] * JOBS
    assert max(view.attempt for view in views) > 1
    store = TakeStore(layout)
    takes = {take.id: take for take in store.takes_of("cat", "scene-1")}
    assert {view.result.takes[0].take for view in views} == set(takes) and len(takes) == JOBS
    assert all(store.fault(take) is None for take in takes.values())
    stored = [note for note in notes(layout) if note.startswith("stored")]
    assert len(stored) == len(set(stored))

    dispatchers.end()
    assert not children_of(layout.workspace)


def kill(processes):
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
