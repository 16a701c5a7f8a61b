"""The dispatcher's loop: claims jobs as tokens become free, has them done, and writes down what became of them."""

from __future__ import annotations

import logging
import queue
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

from story_engine.domain.job import Progress, Retention
from story_engine.errors import StudioError
from story_engine.jobs.orders import (
    Cancelled,
    Crashed,
    DeviceLost,
    Done,
    Event,
    Failed,
    Freed,
    Lost,
    Order,
    Outcome,
    Paused,
    Progressed,
    Stalled,
    WorkerLost,
)
from story_engine.jobs.queue.agent import AgentSettings
from story_engine.jobs.queue.class_ledger import ClassLedger
from story_engine.jobs.queue.ledger_claim import Claim
from story_engine.jobs.queue.placement import Placement, Places
from story_engine.jobs.queue.presence import announce, withdraw
from story_engine.jobs.queue.starts import start_succeeded
from story_engine.jobs.queue.work_ledger import WorkLedger
from story_engine.store.disk_clean import keep_limits
from story_engine.store.layout import Layout
from story_engine.store.takes import TakeStore

TICK_SECONDS = 0.05
"""How often the ledger is asked whether somebody wrote to it; one question costs microseconds."""
PROGRESS_SECONDS = 0.1
"""Progress is written in batches of this length."""
CANCEL_SECONDS = 0.25
"""How often a job that goes on is asked to stop."""
TROUBLE_SECONDS = 1.0
"""Pause after the ledger could not be written, as on a full disk."""
SETTLED_SECONDS = 10.0
"""A dispatcher that breaks sooner counts as not started: whatever broke it waits for the next one too."""
WorkList = WorkLedger | ClassLedger
"""One list of jobs, or those of a class."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatcherSettings:
    """What a dispatcher is started with."""

    agent: AgentSettings
    idle_seconds: float
    places: Callable[[AgentSettings, Callable[[Event], None]], Places] = Placement
    """Where jobs are placed: on this machine, or on several."""
    retention: Retention = field(default_factory=Retention)
    is_outgrown: Callable[[], bool] = lambda: False
    """Whether another kind of dispatcher is needed by now: this one then leaves in order."""


class Dispatcher:
    """Serves one workspace or a class, in one thread; those that follow jobs only put events into its queue."""

    def __init__(
        self, layout: Layout, settings: DispatcherSettings, open_list: Callable[[], WorkList] | None = None
    ) -> None:
        self._layout = layout
        self._open_list = open_list or (lambda: WorkLedger(layout, settings.retention))
        self._settings = settings
        self._events: queue.Queue[Event] = queue.Queue()
        self._stopping = threading.Event()
        self._running: dict[int, int] = {}
        self._asked_to_stop: dict[tuple[int, int], float] = {}
        self._progress: dict[tuple[int, int], Progress] = {}
        self._outcomes: list[Outcome] = []
        self._busy_at = time.monotonic()
        self._written_at = 0.0
        self._is_settled = False

    def stop(self) -> None:
        """Leave in order, from any thread or a signal handler: running jobs are queued again without blame."""
        self._stopping.set()

    def serve(self) -> None:
        """Work until stopped, or idle for the set time.

        Raises:
            StudioError: the ledger cannot be opened.
        """
        with ExitStack() as ending:  # every step of it is taken, whatever becomes of the others
            ledger = self._open_list()
            ending.callback(ledger.close)
            again = ledger.take_over()
            if again:
                _LOG.info("%d job(s) that an ended dispatcher left are queued again", again)
            _tidy(self._layout)
            ending.callback(self._put_back_running, ledger)
            ending.callback(self._take_in_rest, ledger)
            placement = self._settings.places(self._settings.agent, self._events.put)
            ending.callback(placement.close)
            ending.callback(withdraw, self._layout)
            announce(self._layout, "running")
            began = time.monotonic()
            _LOG.info("serving %s with %d token(s)", self._layout.workspace, placement.room().most)
            while self._turn(ledger, placement):
                if not self._is_settled and time.monotonic() - began >= SETTLED_SECONDS:
                    self._settle_in()
            self._settle_in()

    def _settle_in(self) -> None:
        """It has served for a while, or leaves in order: the starts before it are forgotten."""
        self._is_settled = True
        start_succeeded(self._layout)

    def _turn(self, ledger: WorkList, placement: Places) -> bool:
        """One round of the loop; whether another one follows."""
        self._listen()
        try:
            self._write(ledger)
            self._stop_cancelled(ledger, placement)
            self._start_waiting(ledger, placement)
            ledger.tidy()
            if self._settings.is_outgrown():
                self._stopping.set()
            return not self._stopping.is_set() and not self._is_time_to_leave(ledger)
        except StudioError as error:
            _LOG.warning("the ledger cannot be used just now, trying again: %s", error)
            return not self._stopping.wait(TROUBLE_SECONDS)

    def _listen(self) -> None:
        """Take in what happened, waiting one tick for it."""
        try:
            event = self._events.get(timeout=TICK_SECONDS)
            while True:
                self._take_in(event)
                event = self._events.get_nowait()
        except queue.Empty:
            return

    def _take_in_rest(self, ledger: WorkList) -> None:
        """What was done while the placement was closing is done."""
        while not self._events.empty():
            self._take_in(self._events.get_nowait())
        self._write(ledger)

    def _put_back_running(self, ledger: WorkList) -> None:
        """Nobody does these any more: they are queued again without blame, each whatever becomes of the others."""
        for job, attempt in self._running.items():
            try:
                ledger.put_back(job, attempt)
            except StudioError as error:  # the next dispatcher takes them over
                _LOG.warning("job %d could not be put back: %s", job, error)

    def _take_in(self, event: Event) -> None:
        if isinstance(event, Progressed):
            self._progress[event.key] = event.progress
        elif not isinstance(event, Freed):  # that one only wakes us: there is room
            self._outcomes.append(event)

    def _write(self, ledger: WorkList) -> None:
        now = time.monotonic()
        # Before an outcome the last progress must be down: it is refused once the job is over.
        if self._progress and (self._outcomes or now - self._written_at >= PROGRESS_SECONDS):
            ledger.set_progress(self._progress)
            self._progress = {}
            self._written_at = now
        while self._outcomes:
            outcome = self._outcomes[0]
            live = ledger.live(outcome.job)
            _settle(ledger, outcome)  # stays in the list when the disk is full
            self._outcomes.pop(0)
            job, attempt = outcome.key
            if self._running.get(job) == attempt:
                del self._running[job]
            self._asked_to_stop.pop((job, attempt), None)
            shutil.rmtree(live, ignore_errors=True)
            _LOG.info("job %d, attempt %d: %s", job, attempt, outcome.type)

    def _stop_cancelled(self, ledger: WorkList, placement: Places) -> None:
        if not self._running:
            return
        now = time.monotonic()
        for job, is_forced in ledger.requested_cancels().items():
            if job not in self._running:
                continue
            key = (job, self._running[job])
            # Again and again: the request may have overtaken its job on the way.
            if now - self._asked_to_stop.get(key, -CANCEL_SECONDS) >= CANCEL_SECONDS:
                self._asked_to_stop[key] = now
                placement.cancel(*key, is_forced=is_forced)

    def _start_waiting(self, ledger: WorkList, placement: Places) -> None:
        while (room := placement.room()).free > 0 or room.asides > 0:
            claim = ledger.claim(free=room.free, most=room.most, asides=room.asides, judge=placement.judge)
            if claim is None:
                break
            self._running[claim.job] = claim.attempt
            placement.place(_order(claim))
            _LOG.info("job %d (%s), attempt %d: started", claim.job, claim.kind, claim.attempt)
        for job, attempt in ledger.to_pause():
            placement.pause(job, attempt)
        if self._running:
            self._busy_at = time.monotonic()

    def _is_time_to_leave(self, ledger: WorkList) -> bool:
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


def _order(claim: Claim) -> Order:
    return Order(
        job=claim.job,
        attempt=claim.attempt,
        kind=claim.kind,
        spec=claim.spec,
        tokens=claim.tokens,
        number=claim.number,
        workspace=claim.workspace,
        stories=claim.stories,
    )


def _settle(ledger: WorkList, outcome: Outcome) -> None:
    """Write one outcome down; one that comes for another attempt than the running one changes nothing."""
    job, attempt = outcome.key
    match outcome:
        case Done():
            ledger.done(job, attempt, outcome.result)
        case Cancelled():
            ledger.cancelled(job, attempt)
        case Crashed():
            ledger.crashed(job, attempt, reason=outcome.reason)
        case DeviceLost():
            ledger.device_lost(job, attempt, reason=outcome.reason, log_id=outcome.log_id)
        case Stalled():
            ledger.stalled(job, attempt, seconds=outcome.seconds, step=outcome.step)
        case Lost() | Paused():
            ledger.put_back(job, attempt)
        case WorkerLost():
            ledger.worker_lost(job, attempt, machine=outcome.machine)
        case Failed():
            ledger.failed(job, attempt, code=outcome.code, values=outcome.values, log_id=outcome.log_id)


def _tidy(layout: Layout) -> None:
    """No child runs now: what the last ones left half-written can go. What cannot go keeps nobody from working."""
    shutil.rmtree(layout.live(0).parent, ignore_errors=True)
    for what, sweep in (("cached bytes", partial(keep_limits, layout)), ("leftovers", TakeStore(layout).sweep)):
        try:
            swept = sweep()
        except Exception:
            _LOG.exception("%s could not be swept", what)
        else:
            if swept:
                _LOG.info("%d %s swept", swept, what)
