"""Jobs on several machines, acted out on one: `python -m benchmarks.cluster [part …]`, all parts without a name.

Scheduler, workers and dispatcher are real processes with certificates of their own; the work sleeps as a card would
keep its process waiting. Prints one line per part as it comes, so that what was measured stays when a later part fails.
The part `cable` puts each worker into a network namespace, which needs root and `ip`.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from story_engine.domain.job import JobView
from story_engine.jobs.queue.cluster_notice import cluster_notice
from story_engine.jobs.queue.ledger import Ledger
from story_engine.store.layout import Layout
from story_engine.store.takes import TakeStore
from tests.story_engine.jobs.cluster.a_cluster import Cluster
from tests.story_engine.jobs.conftest import Dispatchers, submit, wait_for
from tests.story_engine.jobs.light_work import notes

TAKES = 64
STEPS, STEP_SECONDS = 4, 0.1
BRIDGE_HOST = "10.99.0.1"


class Stage:
    """A cluster with a dispatcher that sends it everything."""

    def __init__(self, folder: Path, workers: int, *, is_cluster: bool = True) -> None:
        self.folder = folder
        self.layout = Layout(folder / "workspace", folder / "stories")
        self.names = [f"w{number}" for number in range(workers)]
        self.cluster = Cluster(folder) if is_cluster else None
        os.environ.pop("STORY_STUDIO_SCHEDULER", None)
        if self.cluster is not None:
            os.environ.update(self.cluster.environment)
            self.cluster.start_scheduler()
            for name in self.names:
                self.cluster.start_worker(name)
            for name in self.names:
                wait_for(lambda name=name: "Registered to" in self.cluster.log(name), seconds=120)
        self.ledger = Ledger(self.layout)
        self.dispatchers = Dispatchers(self.layout)
        self.dispatcher = self.dispatchers.start(idle_seconds=600)
        if self.cluster is not None:
            self.cards(workers)
        self.number = 100_000
        self.warm_up(workers)

    def cards(self, count: int) -> None:
        """Wait until the dispatcher knows so many workers."""
        log = self.layout.logs / "dispatcher.log"
        wait_for(lambda: log.exists() and log.read_text().count("Card(") >= count, seconds=120)

    def submit(self, count: int, **more: object) -> list[int]:
        """Ask for takes, each a job of its own."""
        usual = {"steps": STEPS, "seconds": STEP_SECONDS}
        self.number += count
        return [submit(self.ledger, self.number - number, **(usual | more)) for number in range(count)]

    def warm_up(self, workers: int) -> None:
        """Every worker has its child: the first import is no part of what is measured."""
        self.ended(self.submit(2 * max(1, workers), steps=10))

    def ended(self, jobs: list[int], seconds: float = 300) -> list[JobView]:
        """Wait until all are over."""
        wait_for(lambda: all(not self.ledger.job(job).is_active for job in jobs), seconds=seconds)
        return [self.ledger.job(job) for job in jobs]

    def steps_by_worker(self) -> Counter:
        """How many jobs each worker has stepped through."""
        guests = {name: Layout(self.folder / f"workspace-{name}" / "cluster" / "0", None) for name in self.names}
        return Counter(
            {
                name: len({line.split()[1] for line in notes(guest) if line.startswith("step")})
                for name, guest in guests.items()
            }
        )

    def processor_seconds(self) -> float:
        """What dispatcher, scheduler and workers have used, their children left out."""
        others = [] if self.cluster is None else [self.cluster.scheduler, *self.cluster.workers.values()]
        times = [psutil.Process(process.pid).cpu_times() for process in (self.dispatcher, *others)]
        return sum(each.user + each.system for each in times)

    def end(self) -> None:
        """End everything that was started."""
        self.ledger.close()
        self.dispatchers.end()
        if self.cluster is not None:
            self.cluster.end()


@contextmanager
def stage(workers: int, *, is_cluster: bool = True) -> Iterator[Stage]:
    """A stage that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="cluster-benchmark-"))
    shown = Stage(folder, workers, is_cluster=is_cluster)
    try:
        yield shown
    finally:
        shown.end()
        shutil.rmtree(folder, ignore_errors=True)


def outcome(views: list[JobView]) -> str:
    """States, attempts and reasons of jobs."""
    states = Counter(view.state for view in views)
    attempts = Counter(view.attempt for view in views)
    reasons = {f"{view.error_code} {view.error_values}" for view in views if view.error_code}
    return f"{dict(states)}, attempts {dict(sorted(attempts.items()))} {', '.join(sorted(reasons))}".strip()


def spread() -> None:
    """Takes over two workers."""
    with stage(2) as on:
        before = on.steps_by_worker()
        began = time.monotonic()
        views = on.ended(on.submit(TAKES))
        seconds = time.monotonic() - began
        counts = on.steps_by_worker() - before
        stored = len(TakeStore(on.layout).takes("cat")["scene-1"])
        say(
            "spread",
            f"{TAKES} takes on 2 workers in {seconds:.1f} s: {dict(counts)}; {outcome(views)}; {stored} stored in all",
        )


def killed() -> None:
    """A worker is killed under its take, and started again."""
    with stage(2) as on:
        jobs = on.submit(16, steps=10)
        wait_for(lambda: sum(on.ledger.job(job).state == "running" for job in jobs) == 2)
        time.sleep(0.5)
        lost = time.monotonic()
        os.killpg(on.cluster.workers["w0"].pid, signal.SIGKILL)
        wait_for(lambda: any(on.ledger.job(job).attempt == 2 for job in jobs))
        again = time.monotonic() - lost
        wait_for(lambda: cluster_notice(on.layout) is not None)
        told = cluster_notice(on.layout).code
        on.cluster.start_worker("w0")
        views = on.ended(jobs)
        say(
            "killed",
            f"of 16 takes: its take began again after {again:.2f} s; page: {told}; {outcome(views)}",
        )


def restart() -> None:
    """The scheduler is killed, and everything started again as supervisors would."""
    with stage(2) as on:
        jobs = on.submit(12, steps=10)
        wait_for(lambda: sum(on.ledger.job(job).state == "running" for job in jobs) == 2)
        time.sleep(0.5)
        began = time.monotonic()
        on.cluster.scheduler.kill()
        on.cluster.scheduler.wait()
        for worker in on.cluster.workers.values():
            worker.wait(90)
        left = time.monotonic() - began
        on.cluster.start_scheduler()
        for name in on.names:
            on.cluster.start_worker(name)
        views = on.ended(jobs)
        took = time.monotonic() - began
        say(
            "restart",
            f"12 takes: workers ended after {left:.1f} s, all done after {took:.1f} s; {outcome(views)}",
        )


def urgent() -> None:
    """An interactive panel behind a sweep."""
    with stage(2) as on:
        sweep = on.submit(40)
        wait_for(lambda: sum(on.ledger.job(job).state == "running" for job in sweep) == 2)
        asked = time.monotonic()
        (panel,) = on.submit(1, priority=100)
        wait_for(lambda: on.ledger.job(panel).state == "running")
        waited = time.monotonic() - asked
        left = sum(on.ledger.job(job).state == "queued" for job in sweep)
        say(
            "urgent",
            f"a panel began after {waited:.2f} s, before {left} of a sweep ({STEPS * STEP_SECONDS:.1f} s a take)",
        )


def fair() -> None:
    """Two people share."""
    with stage(2) as on:
        anna = on.submit(40, user="anna")
        wait_for(lambda: sum(on.ledger.job(job).state == "running" for job in anna) == 2)
        ben = on.submit(8, user="ben")
        on.ended(ben)
        done = sum(on.ledger.job(job).state == "done" for job in anna)
        say("fair", f"while ben's 8 takes were done, {done} of anna's 40 that had come first")


def throughput() -> None:
    """One, two and eight workers."""
    seconds = {}
    for workers in (1, 2, 8):
        with stage(workers) as on:
            count = 8 * workers
            began = time.monotonic()
            on.ended(on.submit(count, steps=10, seconds=0.2))
            seconds[workers] = (time.monotonic() - began) / count
            say(
                "throughput",
                f"{workers} worker(s): {seconds[workers]:.3f} s a take, {seconds[1] / seconds[workers]:.2f} times one",
            )


def overhead() -> None:
    """What a take costs beside the work, on one machine and through a cluster."""
    for name, is_cluster in (("one machine", False), ("cluster, one worker", True)):
        with stage(1, is_cluster=is_cluster) as on:
            began, used = time.monotonic(), on.processor_seconds()
            on.ended(on.submit(TAKES, steps=1, seconds=0.2))
            each = 1000 * ((time.monotonic() - began) / TAKES - 0.2)
            used = 1000 * (on.processor_seconds() - used) / TAKES
            say(
                "overhead", f"{name}: {each:.1f} ms a take beside its 200 ms; dispatcher, dask: {used:.1f} ms of a core"
            )


def cable() -> None:
    """Two workers, each in a network namespace; the cable of one is pulled under its take."""
    names = ("story-w0", "story-w1")
    try:
        _network(names)
        folder = Path(tempfile.mkdtemp(prefix="cluster-benchmark-"))
        on = Stage.__new__(Stage)
        on.folder, on.names, on.number = folder, ["w0", "w1"], 0
        on.layout = Layout(folder / "workspace", folder / "stories")
        on.cluster = Cluster(folder, host=BRIDGE_HOST)
        os.environ.update(on.cluster.environment)
        on.cluster.start_scheduler()
        for name, space in zip(on.names, names, strict=True):
            on.cluster.start_worker(name, within=("ip", "netns", "exec", space))
        on.ledger, on.dispatchers = Ledger(on.layout), Dispatchers(on.layout)
        try:
            on.dispatchers.start(idle_seconds=600)
            on.cards(2)
            jobs = on.submit(2, steps=300)
            wait_for(lambda: all(on.ledger.job(job).progress.step > 1 for job in jobs))
            pulled = time.monotonic()
            _ip("link", "set", "story-v0", "down")
            wait_for(
                lambda: (
                    any(on.ledger.job(job).attempt == 2 for job in jobs)
                    or any(on.ledger.job(job).state == "queued" for job in jobs)
                ),
                seconds=120,
            )
            noticed = time.monotonic() - pulled
            views = on.ended(jobs)
            say("cable", f"pulled under one of 2 takes: given back after {noticed:.1f} s; {outcome(views)}")
        finally:
            on.end()
    finally:
        for space in names:
            subprocess.run(["ip", "netns", "del", space], check=False, capture_output=True)
        subprocess.run(["ip", "link", "del", "story-br"], check=False, capture_output=True)


def _network(names: tuple[str, ...]) -> None:
    _ip("link", "add", "story-br", "type", "bridge")
    _ip("addr", "add", f"{BRIDGE_HOST}/24", "dev", "story-br")
    _ip("link", "set", "story-br", "up")
    for number, space in enumerate(names):
        _ip("netns", "add", space)
        _ip("link", "add", f"story-v{number}", "type", "veth", "peer", "name", "eth0", "netns", space)
        _ip("link", "set", f"story-v{number}", "master", "story-br", "up")
        inside = ("netns", "exec", space, "ip")
        _ip(*inside, "addr", "add", f"10.99.0.{11 + number}/24", "dev", "eth0")
        _ip(*inside, "link", "set", "eth0", "up")
        _ip(*inside, "link", "set", "lo", "up")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def say(part: str, text: str) -> None:
    """One line, at once."""
    print(f"{part:<11} {text}", flush=True)


PARTS = {part.__name__: part for part in (spread, killed, restart, urgent, fair, throughput, overhead, cable)}


def main() -> None:
    """Run the parts that were named, or all."""
    for name in sys.argv[1:] or PARTS:
        try:
            PARTS[name]()
        except (AssertionError, OSError, subprocess.CalledProcessError) as error:
            say(name, f"FAILED: {error}")


if __name__ == "__main__":
    main()
