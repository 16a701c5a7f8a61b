"""Work of the test's own that does in milliseconds what rendering does in minutes: steps, pictures, and every way to
go wrong. The child is started with `--work tests.story_engine.jobs.light_work:MAPPING`."""

import json
import os
import signal
import subprocess
import sys
import time

from PIL import Image
from pydantic import ConfigDict

from story_engine.domain.job import Progress
from story_engine.domain.job_result import RenderResult, TrainResult
from story_engine.domain.job_spec import JobSpec, TakeName
from story_engine.errors import Cancelled, FixInput
from story_engine.store.takes import TakeStore
from tests.story_engine.store.test_takes import a_take

MAPPING = {
    "read": "tests.story_engine.jobs.light_work:read",
    "render": "tests.story_engine.jobs.light_work:run",
    "verify": "tests.story_engine.jobs.light_work:run",
    "score": "tests.story_engine.jobs.light_work:broken",
    "train": "tests.story_engine.jobs.light_work:train",
}
SLOW_TO_WARM_UP = MAPPING | {"warm_up": "tests.story_engine.jobs.light_work:warm_up"}


class LightSpec(JobSpec):
    """What the light work does and how it goes wrong; whatever else a test submits is kept too."""

    model_config = ConfigDict(extra="allow")

    kind: str = "render"
    seed: int = 0
    steps: int = 3
    seconds: float = 0.0
    saving_seconds: float = 0.0
    die_at: int | None = None
    hang_at: int | None = None
    fail: bool = False
    lose_device: bool = False
    """At the second step of the first attempt; the next one has its device again."""
    spawn: bool = False
    run: str = ""
    """Of a training; one that ends in `-long` has 2 000 steps, though its specification is a real one."""


def read(text):
    spec = LightSpec.model_validate_json(text)
    return spec.model_copy(update={"steps": 2000}) if spec.run.endswith("-long") else spec


def warm_up(layout):
    layout.logs.mkdir(parents=True, exist_ok=True)
    (layout.logs / "warming").write_text("")
    while not (layout.logs / "warm").exists():
        time.sleep(0.01)


def broken(spec, *, job, report, should_stop, layout):
    raise ZeroDivisionError("a bug")


def run(spec, *, job, report, should_stop, layout):
    print("a library prints to standard output")
    if spec.fail:
        raise FixInput("render.takes", takes=99, most=64)
    if spec.spawn:
        sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        note(layout, f"spawned {sleeper.pid}")
    for step in range(1, spec.steps + 1):
        report(Progress(stage="denoising", step=step, total=spec.steps, seconds_per_step=spec.seconds))
        note(layout, f"step {job} {step} {os.getpid()}")
        if step == spec.die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if step == 2 and spec.lose_device and f"lost {job}" not in notes(layout):
            note(layout, f"lost {job}")
            import torch

            raise torch.AcceleratorError("CUDA error: unspecified launch failure\nCompile with TORCH_USE_CUDA_DSA")
        if step == spec.hang_at:
            while True:
                time.sleep(60)
        time.sleep(spec.seconds)
        if should_stop():
            raise Cancelled("jobs.cancelled")
    return RenderResult(takes=(TakeName(scene="scene-1", take=painted(spec, layout)),))


def train(spec, *, job, report, should_stop, layout):
    """As a training does it: a stop is granted the time to save."""
    note(layout, f"devices {os.environ.get('CUDA_VISIBLE_DEVICES')}")
    note(layout, f"threads {os.environ.get('OMP_NUM_THREADS')}")
    total = spec.steps
    for step in range(1, total + 1):
        report(Progress(stage="training", step=step, total=total, seconds_per_step=0.01, eta_seconds=total - step))
        note(layout, f"trained {job} {step} {os.getpid()}")
        if step == spec.die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(spec.seconds or 0.01)
        if should_stop():
            time.sleep(spec.saving_seconds)
            note(layout, f"saved {job}")
            return TrainResult(state="stopped")
    return TrainResult(state="finished")


def painted(spec, layout):
    """Store one take, unless it is there."""
    store = TakeStore(layout)
    take = a_take(seed=spec.seed)
    if store.find(take.story, take.scene, take.id) is None:
        store.add(take, Image.new("RGB", (16, 16), (spec.seed % 256, 0, 0)), {})
        note(layout, f"stored {take.id}")
    return take.id


def note(layout, text):
    layout.logs.mkdir(parents=True, exist_ok=True)
    with (layout.logs / "journal").open("a") as journal:
        journal.write(json.dumps(text) + "\n")


def notes(layout):
    path = layout.logs / "journal"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
