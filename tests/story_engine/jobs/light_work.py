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

MAPPING = {
    "render": "tests.story_engine.jobs.light_work:run",
    "score": "tests.story_engine.jobs.light_work:broken",
    "train": "tests.story_engine.jobs.light_work:train",
}
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


def train(spec, *, report, should_stop, layout):
    """As a training does it: a stop is granted the time to save."""
    note(layout, f"devices {os.environ.get('CUDA_VISIBLE_DEVICES')}")
    note(layout, f"threads {os.environ.get('OMP_NUM_THREADS')}")
    total = spec.get("steps", 3)
    for step in range(1, total + 1):
        report(Progress(stage="training", step=step, total=total, seconds_per_step=0.01, eta_seconds=total - step))
        note(layout, f"trained {spec['job']} {step} {os.getpid()}")
        if step == spec.get("die_at"):
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(spec.get("seconds", 0.01))
        if should_stop():
            time.sleep(spec.get("saving_seconds", 0))
            note(layout, f"saved {spec['job']}")
            return {"state": "stopped"}
    return {"state": "finished"}


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
