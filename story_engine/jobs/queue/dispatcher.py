"""The dispatcher: `python -m story_engine.jobs.queue.dispatcher --workspace DIR`, one process per workspace.

Claims jobs from the ledger as tokens become free, has them done, and writes down what became of them. It outlives the
page that started it, and leaves when nothing has come for ten minutes.
"""

from __future__ import annotations

import argparse
import logging
import os
import queue
import shutil
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from story_engine.catalog.devices import gpu_names
from story_engine.config import Config, read_config
from story_engine.domain.job import Progress, Retention
from story_engine.errors import StudioError
from story_engine.jobs.kinds import STANDARD
from story_engine.jobs.orders import Cancelled, Crashed, Done, Event, Failed, Lost, Order, Outcome, Progressed, Stalled
from story_engine.jobs.queue.agent import AgentSettings, visible_devices
from story_engine.jobs.queue.child_process import ChildCommand
from story_engine.jobs.queue.ledger_prune import retention_of
from story_engine.jobs.queue.presence import announce, dispatcher_state, withdraw
from story_engine.jobs.queue.work_ledger import WorkLedger
from story_engine.store.disk_clean import keep_limits
from story_engine.store.folders import make_folder
from story_engine.store.layout import Layout
from story_engine.store.privacy import forbidden
from story_engine.store.takes import TakeStore

if TYPE_CHECKING:
    from story_engine.jobs.queue.placement import Placement

ANOTHER_SERVES = 4
"""Exit code: another dispatcher serves the workspace."""
TICK_SECONDS = 0.05
"""How often the ledger is asked whether somebody wrote to it; one question costs microseconds."""
PROGRESS_SECONDS = 0.1
"""Progress is written in batches of this length."""
CANCEL_SECONDS = 0.25
"""How often a job that goes on is asked to stop."""
TROUBLE_SECONDS = 1.0
"""Pause after the ledger could not be written, as on a full disk."""
HANDOVER_SECONDS = 15.0
"""How long a new dispatcher waits for one that is leaving."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatcherSettings:
    """What a dispatcher is started with."""

    agent: AgentSettings
    idle_seconds: float
    retention: Retention = field(default_factory=Retention)


class Dispatcher:
    """Serves one workspace, in one thread; dask's threads only put events into its queue."""

    def __init__(self, layout: Layout, settings: DispatcherSettings) -> None:
        self._layout = layout
        self._settings = settings
        self._events: queue.Queue[Event] = queue.Queue()
        self._stopping = threading.Event()
        self._running: dict[int, int] = {}
        self._tokens: dict[int, int] = {}
        self._asked_to_stop: dict[tuple[int, int], float] = {}
        self._progress: dict[tuple[int, int], Progress] = {}
        self._outcomes: list[Outcome] = []
        self._busy_at = time.monotonic()
        self._written_at = 0.0

    def stop(self) -> None:
        """Leave in order, from any thread or a signal handler: running jobs are queued again without blame."""
        self._stopping.set()

    def serve(self) -> None:
        """Work until stopped, or idle for the set time.

        Raises:
            StudioError: the ledger cannot be opened.
        """
        # Dask takes a second to import: not before the lock is held and pages can see that something starts.
        from story_engine.jobs.queue.placement import Placement

        ledger = WorkLedger(self._layout, self._settings.retention)
        again = ledger.take_over()
        if again:
            _LOG.info("%d job(s) that an ended dispatcher left are queued again", again)
        _tidy(self._layout)
        placement = Placement(self._settings.agent, self._events.put)
        try:
            announce(self._layout, "running")
            _LOG.info("serving %s with %d token(s)", self._layout.workspace, len(self._settings.agent.devices))
            while not self._stopping.is_set() and not self._is_time_to_leave(ledger):
                self._turn(ledger, placement)
        finally:
            withdraw(self._layout)
            placement.close()
            self._take_in_rest(ledger)
            for job, attempt in self._running.items():
                ledger.put_back(job, attempt)
            ledger.close()

    def _turn(self, ledger: WorkLedger, placement: Placement) -> None:
        self._listen()
        try:
            self._write(ledger)
            self._stop_cancelled(ledger, placement)
            self._start_waiting(ledger, placement)
            ledger.tidy()
        except StudioError as error:
            _LOG.warning("the ledger cannot be used just now, trying again: %s", error)
            self._stopping.wait(TROUBLE_SECONDS)

    def _listen(self) -> None:
        """Take in what happened, waiting one tick for it."""
        try:
            event = self._events.get(timeout=TICK_SECONDS)
            while True:
                self._take_in(event)
                event = self._events.get_nowait()
        except queue.Empty:
            return

    def _take_in_rest(self, ledger: WorkLedger) -> None:
        """What was done while dask was closing is done."""
        while not self._events.empty():
            self._take_in(self._events.get_nowait())
        self._write(ledger)

    def _take_in(self, event: Event) -> None:
        if isinstance(event, Progressed):
            self._progress[event.key] = event.progress
        else:
            self._outcomes.append(event)

    def _write(self, ledger: WorkLedger) -> None:
        now = time.monotonic()
        # Before an outcome the last progress must be down: it is refused once the job is over.
        if self._progress and (self._outcomes or now - self._written_at >= PROGRESS_SECONDS):
            ledger.set_progress(self._progress)
            self._progress = {}
            self._written_at = now
        while self._outcomes:
            outcome = self._outcomes[0]
            _settle(ledger, outcome)  # stays in the list when the disk is full
            self._outcomes.pop(0)
            job, attempt = outcome.key
            if self._running.get(job) == attempt:
                del self._running[job], self._tokens[job]
            self._asked_to_stop.pop((job, attempt), None)
            shutil.rmtree(self._layout.live(job), ignore_errors=True)
            _LOG.info("job %d, attempt %d: %s", job, attempt, outcome.type)

    def _stop_cancelled(self, ledger: WorkLedger, placement: Placement) -> None:
        if not self._running:
            return
        now = time.monotonic()
        for job, is_forced in ledger.wanted_cancels().items():
            if job not in self._running:
                continue
            key = (job, self._running[job])
            # Again and again: the wish may have overtaken its job on the way to the worker.
            if now - self._asked_to_stop.get(key, -CANCEL_SECONDS) >= CANCEL_SECONDS:
                self._asked_to_stop[key] = now
                placement.cancel(*key, is_forced=is_forced)

    def _start_waiting(self, ledger: WorkLedger, placement: Placement) -> None:
        most = len(self._settings.agent.devices)
        while (free := most - sum(self._tokens.values())) > 0:
            claim = ledger.claim(free=free, most=most)
            if claim is None:
                break
            self._running[claim.job], self._tokens[claim.job] = claim.attempt, claim.tokens
            order = Order(job=claim.job, attempt=claim.attempt, kind=claim.kind, spec=claim.spec, tokens=claim.tokens)
            placement.place(order, priority=claim.priority)
            _LOG.info("job %d (%s), attempt %d: started", claim.job, claim.kind, claim.attempt)
        if self._running:
            self._busy_at = time.monotonic()

    def _is_time_to_leave(self, ledger: WorkLedger) -> bool:
        if self._running or time.monotonic() - self._busy_at < self._settings.idle_seconds:
            return False
        # First out of sight, then a last look: whoever submits after the look finds nobody and starts a dispatcher.
        withdraw(self._layout)
        if ledger.waiting():
            announce(self._layout, "running")
            self._busy_at = time.monotonic()
            return False
        _LOG.info("nothing to do for %.0f s, leaving", self._settings.idle_seconds)
        return True


def _settle(ledger: WorkLedger, outcome: Outcome) -> None:
    """Write one outcome down; one that comes for another attempt than the running one changes nothing."""
    job, attempt = outcome.key
    match outcome:
        case Done():
            ledger.done(job, attempt, outcome.result)
        case Cancelled():
            ledger.cancelled(job, attempt)
        case Crashed():
            ledger.crashed(job, attempt, reason=outcome.reason)
        case Stalled():
            ledger.stalled(job, attempt, seconds=outcome.seconds, step=outcome.step)
        case Lost():
            ledger.put_back(job, attempt)
        case Failed():
            ledger.failed(job, attempt, code=outcome.code, values=outcome.values, log_id=outcome.log_id)


def _tidy(layout: Layout) -> None:
    """No child runs now: what the last ones left half-written can go."""
    shutil.rmtree(layout.live(0).parent, ignore_errors=True)
    swept = TakeStore(layout).sweep()
    keep_limits(layout)
    if swept:
        _LOG.info("%d leftover(s) swept", swept)


def main() -> None:
    """Entry point."""
    given = _arguments()
    config = read_config(given.workspace)
    layout = Layout(config.workspace, given.stories or config.stories)
    make_folder(layout.logs)
    os.umask(forbidden(layout.workspace))  # of everything that this process and its children write
    _log_to(layout.logs / "dispatcher.log")
    lock = FileLock(layout.dispatcher_lock)
    if not _acquired(lock, layout):
        _LOG.info("another dispatcher serves %s", layout.workspace)
        sys.exit(ANOTHER_SERVES)
    try:
        announce(layout, "starting")
        dispatcher = Dispatcher(layout, _settings(given, config, layout))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: dispatcher.stop())
        dispatcher.serve()
    except StudioError as error:
        _LOG.error("the dispatcher cannot serve %s: %s", layout.workspace, error)
        sys.exit(1)
    except Exception:
        _LOG.exception("the dispatcher broke")
        raise
    finally:
        withdraw(layout)
        lock.release()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--stories", type=Path)
    parser.add_argument("--work", default=STANDARD, help="module:mapping of kind to module:function")
    parser.add_argument("--idle-seconds", type=float, default=600.0)
    parser.add_argument("--child-idle-seconds", type=float, default=300.0)
    parser.add_argument("--stall-seconds", type=float, default=120.0)
    parser.add_argument("--loading-stall-seconds", type=float, default=600.0)
    return parser.parse_args()


def _settings(given: argparse.Namespace, config: Config, layout: Layout) -> DispatcherSettings:
    child = ChildCommand(
        workspace=layout.workspace, stories=layout.stories, work=given.work, idle_seconds=given.child_idle_seconds
    )
    agent = AgentSettings(
        child=child,
        devices=visible_devices(len(gpu_names())),
        threads=config.threads,
        logs=layout.logs,
        stall_seconds=given.stall_seconds,
        loading_stall_seconds=given.loading_stall_seconds,
    )
    retention = retention_of(layout, jobs=config.jobs_kept, days=config.job_days_kept)
    return DispatcherSettings(agent=agent, idle_seconds=given.idle_seconds, retention=retention)


def _acquired(lock: FileLock, layout: Layout) -> bool:
    """Take the lock, waiting for a dispatcher that is leaving, not for one that serves."""
    until = time.monotonic() + HANDOVER_SECONDS
    while time.monotonic() < until:
        try:
            lock.acquire(timeout=0.2)
        except Timeout:
            if dispatcher_state(layout) != "stopped":
                return False
        else:
            return True
    return False


def _log_to(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(path, maxBytes=2_000_000, backupCount=3, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("distributed").setLevel(logging.WARNING)


if __name__ == "__main__":
    main()
