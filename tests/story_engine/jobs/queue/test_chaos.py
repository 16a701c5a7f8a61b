import random
from contextlib import suppress

import psutil
import pytest

from story_engine.jobs.queue.presence import dispatcher_state
from story_engine.jobs.queue.work_ledger import MOST_CRASHES
from story_engine.store.takes import TakeStore
from tests.story_engine.jobs.conftest import children_of, submit, wait_for
from tests.story_engine.jobs.light_work import notes

JOBS = 25
VICTIMS = ["child"] * 4 + ["aside"] * 3 + ["dispatcher"] * 3
SEED = 20


@pytest.mark.thorough
def test_killing_children_and_dispatchers_at_random_loses_nothing_and_does_nothing_twice(layout, ledger, dispatchers):
    dice = random.Random(SEED)
    jobs = [submit(ledger, number, steps=6, seconds=0.02) for number in range(JOBS)]
    aside = []
    dispatcher = dispatchers.start()
    victims = list(VICTIMS)
    dice.shuffle(victims)

    for victim in victims:
        # A number of steps, not a time: the kill falls into the middle of work however slow the machine is.
        until = len(notes(layout)) + dice.randint(1, 14)
        wait_for(lambda until=until: len(notes(layout)) >= until, seconds=150, what="the next step")
        if victim == "dispatcher":
            dispatcher.kill()
            dispatcher.wait()
            assert dispatcher_state(layout) == "stopped"
            dispatcher = dispatchers.start()
            continue
        if victim == "aside":
            # Needs no device, and is done beside the others by a child of its own.
            aside.append(submit(ledger, JOBS + len(aside), kind="verify", steps=40, seconds=0.02))
            wait_for(lambda: ledger.job(aside[-1]).progress.step > dice.randint(1, 20), what="a step beside the others")
        # A third death under one job would be the job's own fault, and is another test's.
        wait_for(lambda: all(view.attempt < MOST_CRASHES for view in ledger.jobs() if view.state == "running"))
        kill(wait_for(lambda victim=victim: children_writing(layout, "aside" if victim == "aside" else "child")))
    wait_for(lambda: not ledger.jobs(), seconds=250, what="the end of all jobs")

    views = [ledger.job(job) for job in (*jobs, *aside)]
    assert [view.state for view in views] == ["done"] * len(views)
    assert max(view.attempt for view in views[:JOBS]) > 1 and max(view.attempt for view in views[JOBS:]) > 1
    store = TakeStore(layout)
    takes = {take.id: take for take in store.takes_of("cat", "scene-1")}
    assert {view.result.takes[0].take for view in views} == set(takes) and len(takes) == len(views)
    assert all(store.fault(take) is None for take in takes.values())
    stored = [note for note in notes(layout) if note.startswith("stored")]
    assert len(stored) == len(set(stored))

    dispatchers.end()
    assert not children_of(layout.workspace)


def children_writing(layout, log):
    """Children whose log has this name: `child` are those with a device, `aside` the one without."""
    found = []
    for process in children_of(layout.workspace):
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if f"{layout.logs}/{log}-0.log" in {file.path for file in process.open_files()}:
                found.append(process)
    return found


def kill(processes):
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
