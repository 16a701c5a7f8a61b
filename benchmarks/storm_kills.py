"""The storm's first part: many jobs, and every process that works on them killed again and again at random moments."""

from __future__ import annotations

import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

import psutil

from story_engine.config import PROJECT_FOLDER
from story_engine.domain.job_result import RenderResult
from story_engine.domain.job_spec import RenderItem, RenderSpec
from story_engine.domain.recipe import Recipe
from story_engine.jobs.queue.ledger import Ledger
from story_engine.jobs.queue.presence import dispatcher_state
from story_engine.store.layout import Layout
from story_engine.store.takes import TakeStore

STORY = "storm"
_READ_SECONDS = 1.0
"""How often a page asks for its jobs."""
_LAST_SECONDS = 120.0
"""What the last jobs may take after the last kill."""


@dataclass(slots=True)
class Kills:
    """What was done, and what broke."""

    jobs: int = 0
    kills: int = 0
    readings: int = 0
    p95_ms: float = 0.0
    faults: list[str] = field(default_factory=list)


def kill_at_random(layout: Layout, *, kills: int, readers: int, seed: int, until: float) -> Kills:
    """Submit jobs, kill whoever does them, read along as pages do, and count what became of everything.

    Args:
        layout: of an empty workspace.
        kills: at most.
        readers: threads that poll the list of jobs.
        seed: decides victims, signals and moments.
        until: `time.monotonic()` after which no more is killed.
    """
    found, choice = Kills(), random.Random(seed)
    ledger = Ledger(layout)
    ids = [_submit(ledger, number) for number in range(max(4, kills * 2))]
    stopping = threading.Event()
    pages = [_Page(layout, stopping) for _ in range(readers)]
    dispatcher = _start(layout)
    try:
        while found.kills < kills and time.monotonic() < until:
            if not ledger.jobs():  # a quick machine: there is always something to be killed at
                ids.append(_submit(ledger, len(ids)))
            time.sleep(choice.uniform(0.05, 1.2))
            found.kills += _strike(layout, dispatcher, choice)
            if dispatcher.poll() is not None:
                dispatcher = _start(layout)
        _finish(ledger, layout, dispatcher)
    finally:
        stopping.set()
        for page in pages:
            page.thread.join()
        _end(layout)
    found.jobs = len(ids)
    _judge(ledger, layout, ids, found)
    ledger.close()
    times = [each for page in pages for each in page.seconds]
    found.readings = len(times)
    found.p95_ms = 1000 * statistics.quantiles(times, n=20)[-1] if len(times) > 1 else 0.0
    found.faults += [fault for page in pages for fault in page.faults]
    return found


class _Page:
    """One session that polls, as a page's fragment does."""

    def __init__(self, layout: Layout, stopping: threading.Event) -> None:
        self.seconds: list[float] = []
        self.faults: list[str] = []
        self._layout, self._stopping = layout, stopping
        self.thread = threading.Thread(target=self._poll, daemon=True)
        self.thread.start()

    def _poll(self) -> None:
        ledger = Ledger(self._layout)
        while not self._stopping.wait(_READ_SECONDS):
            began = time.perf_counter()
            try:
                ledger.jobs(story=STORY)
            except Exception as error:
                self.faults.append(f"a page could not read the jobs: {type(error).__name__}: {error}"[:200])
            self.seconds.append(time.perf_counter() - began)
        ledger.close()


def _submit(ledger: Ledger, number: int) -> int:
    recipe = Recipe(
        prompt="storm",
        negative="",
        seed=number,
        sampler="ddim",
        steps=1,
        cfg_scale=1.0,
        width=64,
        height=64,
        noise="cpu",
        family="preview",
        weights_hash="0",
        precision="float32",
    )
    item = RenderItem(scene="s1", number=number, recipe=recipe)
    spec = RenderSpec(story=STORY, items=(item,), score=False)
    return ledger.submit(spec, key=f"storm-{number}", priority=0, user="me", story=STORY, scenes=("s1",))


def _start(layout: Layout) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "story_engine.jobs.queue.dispatcher", "--workspace", str(layout.workspace)]
    command += ["--stories", str(layout.stories), "--work", "benchmarks.storm_work:MAPPING"]
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": ""}
    return subprocess.Popen(command, cwd=PROJECT_FOLDER, env=environment, start_new_session=True)


def _strike(layout: Layout, dispatcher: subprocess.Popen[bytes], choice: random.Random) -> int:
    """Kill one process; 1 if there was one. Now and then one is halted for a moment instead: that is no kill."""
    children = processes_of(layout, "story_engine.jobs.work.child")
    victim = choice.choice(["child", "child", "child", "dispatcher", "pause"])
    try:
        if victim == "dispatcher" or not children:
            dispatcher.send_signal(choice.choice([signal.SIGKILL, signal.SIGTERM]))
            dispatcher.wait(60)
            return 1
        chosen = choice.choice(children)
        if victim == "pause":
            chosen = choice.choice([*children, psutil.Process(dispatcher.pid)])
            chosen.suspend()
            time.sleep(choice.uniform(0.05, 0.5))
            chosen.resume()
            return 0
        chosen.send_signal(choice.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM]))
        return 1
    except psutil.NoSuchProcess:
        return 0


def _finish(ledger: Ledger, layout: Layout, dispatcher: subprocess.Popen[bytes]) -> None:
    """Let what is left be done. A job that was hit too often is held or failed: started again, as a person would."""
    until = time.monotonic() + _LAST_SECONDS
    while time.monotonic() < until:
        for view in ledger.jobs(story=STORY, active=False):
            if view.state in ("held", "failed"):
                ledger.retry(view.id)
        if not ledger.jobs():
            return
        if dispatcher.poll() is not None:
            dispatcher = _start(layout)
        time.sleep(0.2)


def _judge(ledger: Ledger, layout: Layout, ids: list[int], found: Kills) -> None:
    store = TakeStore(layout)
    views = [ledger.job(each) for each in ids]
    found.faults += [f"job {view.id} is {view.state} ({view.error_code})" for view in views if view.state != "done"]
    takes = {take.id: take for take in store.takes_of(STORY, "s1")}
    promised = {name.take for view in views if isinstance(view.result, RenderResult) for name in view.result.takes}
    found.faults += [f"take {each} was reported and is not there" for each in promised - set(takes)]
    found.faults += [f"take {each} is there twice or for nobody" for each in set(takes) - promised]
    found.faults += [f"take {take.id}: {fault}" for take in takes.values() if (fault := store.fault(take))]
    found.faults += [f"process {each.pid} outlived its dispatcher" for each in processes_of(layout, "jobs.work.child")]
    if dispatcher_state(layout) != "stopped":
        found.faults.append("a dispatcher is said to serve after its end")


def processes_of(layout: Layout, module: str) -> list[psutil.Process]:
    """The processes of a workspace that run `module` and live."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = " ".join(process.info["cmdline"] or [])
        if module in line and str(layout.workspace) in line and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def _end(layout: Layout) -> None:
    serving = processes_of(layout, "story_engine.jobs.queue.dispatcher")
    for process in serving:
        process.terminate()
    psutil.wait_procs(serving, timeout=30)
