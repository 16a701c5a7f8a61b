import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from story_engine.jobs.queue.ledger import Ledger
from story_engine.store.layout import Layout
from tests.story_engine.jobs.light_work import LightSpec

LIGHT_WORK = "tests.story_engine.jobs.light_work:MAPPING"
PROJECT = Path(__file__).resolve().parents[3]


def wait_for(condition, *, seconds=60.0, what="the state"):
    """Ask until the answer is true; the answer."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"{what} did not come within {seconds} s")


def submit(ledger, number=0, *, priority=0, user="me", kind="render", **spec):
    return ledger.submit(
        LightSpec(kind=kind, **({"seed": number} | spec)),
        key=f"{kind}-{number}",
        priority=priority,
        user=user,
        story="cat",
        scenes=("s",),
    )


def children_of(workspace):
    """Render children of this workspace that live."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = process.info["cmdline"] or []
        if "story_engine.jobs.work.child" in line and str(workspace) in line and process.info["status"] != "zombie":
            found.append(process)
    return found


class Dispatchers:
    """Dispatchers of one workspace, with the light work; all are ended with the test."""

    def __init__(self, layout: Layout):
        self.layout = layout
        self.started = []

    def start(self, *, idle_seconds=60.0, child_idle_seconds=60.0, stall_seconds=120.0, work=LIGHT_WORK):
        command = [
            sys.executable,
            "-m",
            "story_engine.jobs.queue.dispatcher",
            "--workspace",
            str(self.layout.workspace),
        ]
        command += ["--stories", str(self.layout.stories), "--work", work, "--idle-seconds", str(idle_seconds)]
        command += ["--child-idle-seconds", str(child_idle_seconds), "--stall-seconds", str(stall_seconds)]
        environment = os.environ | {"CUDA_VISIBLE_DEVICES": ""}
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, start_new_session=True)
        self.started.append(process)
        return process

    def end(self):
        for process in self.started:
            if process.poll() is None:
                process.terminate()
        for process in self.started:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture
def layout(tmp_path) -> Layout:
    return Layout(tmp_path / "workspace", tmp_path / "stories")


@pytest.fixture
def ledger(layout):
    ledger = Ledger(layout)
    yield ledger
    ledger.close()


@pytest.fixture
def dispatchers(layout):
    dispatchers = Dispatchers(layout)
    yield dispatchers
    dispatchers.end()
