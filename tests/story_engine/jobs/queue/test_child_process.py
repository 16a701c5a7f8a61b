import sys
import time

import pytest

from story_engine.jobs.orders import Order
from story_engine.jobs.queue import child_process
from story_engine.jobs.queue.child_process import ChildProcess, Signal
from tests.story_engine.jobs.light_work import LightSpec

ENOUGH_TO_FILL_A_PIPE = "橘猫" * 500_000


class Command:
    """A child that is this script."""

    def __init__(self, script):
        self.script = script

    def arguments(self):
        return [sys.executable, "-c", self.script]


@pytest.fixture
def start(tmp_path):
    children = []

    def started(script):
        children.append(ChildProcess(Command(script), environment={}, log=tmp_path / "logs" / "child.log"))
        return children[-1]

    yield started
    for child in children:
        child.kill()


def order(job, text):
    return Order(job=job, attempt=1, kind="render", spec=LightSpec(text=text).model_dump_json(), tokens=1)


def test_a_child_that_reads_nothing_keeps_nobody_waiting(start):
    child = start("import time; time.sleep(600)")

    began = time.monotonic()
    child.send(order(1, ENOUGH_TO_FILL_A_PIPE))
    assert time.monotonic() - began < 5

    child.kill()
    assert child.receive(30) is Signal.ENDED


def test_large_orders_come_whole_and_in_turn(start, tmp_path):
    script = "import sys, json\nfor line in sys.stdin.buffer: sys.stderr.write(str(json.loads(line)['job']) + '\\n')"
    child = start(script)

    for job in range(5):
        child.send(order(job, ENOUGH_TO_FILL_A_PIPE))

    until = time.monotonic() + 60
    while (tmp_path / "logs" / "child.log").read_text().split() != list("01234"):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_child_that_speaks_nonsense_or_falls_silent_for_good_is_ended(start, monkeypatch):
    monkeypatch.setattr(child_process, "_LEAVING_SECONDS", 0.2)
    for last in ("print('nonsense', flush=True)", "os.close(1)"):
        child = start(f"import os, time; {last}; time.sleep(600)")

        assert child.receive(60) is Signal.ENDED, last
        assert not child.is_alive
