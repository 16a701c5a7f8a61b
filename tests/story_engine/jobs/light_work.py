"""Work of the test's own that does in milliseconds what rendering does in minutes: steps, pictures, and every way to
go wrong. The child is started with `--work tests.story_engine.jobs.light_work:MAPPING`."""

import json
import os
import signal
import subprocess
import sys
import time

from PIL import Image

from story_engine.domain.job import Progress
from story_engine.errors import Cancelled, FixInput
from story_engine.store.takes import TakeStore
from tests.story_engine.store.test_takes import a_take

MAPPING = {"render": "tests.story_engine.jobs.light_work:run", "score": "tests.story_engine.jobs.light_work:broken"}
SLOW_TO_WARM_UP = MAPPING | {"warm_up": "tests.story_engine.jobs.light_work:warm_up"}


def warm_up(layout):
    layout.logs.mkdir(parents=True, exist_ok=True)
    (layout.logs / "warming").write_text("")
    while not (layout.logs / "warm").exists():
        time.sleep(0.01)


def broken(spec, *, report, should_stop, layout):
    raise ZeroDivisionError("a bug")


def run(spec, *, report, should_stop, layout):
    print("a library prints to standard output")
    if spec.get("fail"):
        raise FixInput("render.takes", takes=99, most=64)
    if spec.get("spawn"):
        sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        note(layout, f"spawned {sleeper.pid}")
    for step in range(1, spec.get("steps", 3) + 1):
        report(
            Progress(stage="denoising", step=step, total=spec.get("steps", 3), seconds_per_step=spec.get("seconds", 0))
        )
        note(layout, f"step {spec['job']} {step} {os.getpid()}")
        if step == spec.get("die_at"):
            os.kill(os.getpid(), signal.SIGKILL)
        if step == spec.get("hang_at"):
            while True:
                time.sleep(60)
        time.sleep(spec.get("seconds", 0))
        if should_stop():
            raise Cancelled("jobs.cancelled")
    return {"takes": [painted(spec, layout)]}


def painted(spec, layout):
    """Store one take, unless it is there."""
    store = TakeStore(layout)
    take = a_take(seed=spec.get("seed", 0))
    if store.find(take.story, take.scene, take.id) is None:
        store.add(take, Image.new("RGB", (16, 16), (spec.get("seed", 0) % 256, 0, 0)), {})
        note(layout, f"stored {take.id}")
    return take.id


def note(layout, text):
    layout.logs.mkdir(parents=True, exist_ok=True)
    with (layout.logs / "journal").open("a") as journal:
        journal.write(json.dumps(text) + "\n")


def notes(layout):
    path = layout.logs / "journal"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
