"""The lists of jobs of a whole class as one, for the one dispatcher that serves it: fair between people.

Everybody's list is their own file, which no other person's page opens. Whoever submits rings (`bell`); only lists that
have been rung for, and still have something to do, are open here. What runs has a ticket, since numbers of jobs repeat
from list to list.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from story_engine.domain.job import Progress
from story_engine.domain.job_result import JobResult
from story_engine.errors import StudioError, Wait
from story_engine.jobs.kinds import PAUSING
from story_engine.jobs.queue.bell import rung
from story_engine.jobs.queue.class_turns import Standing, TurnBoard
from story_engine.jobs.queue.ledger_claim import Claim, Judge
from story_engine.jobs.queue.work_ledger import WorkLedger
from story_engine.store.disk_clean import keep_limits
from story_engine.store.layout import Layout
from story_engine.store.members import USERS, layout_at, members
from story_engine.store.takes import TakeStore

SLICE_SECONDS = 10.0
"""So long somebody's job goes on while others wait who have none; then it makes way where it can without losing."""
QUIET_SECONDS = 5.0
"""A list with nothing to do is closed after this time."""
BROKEN_SECONDS = 10.0
"""A list that cannot be used is tried again after this time, and keeps nobody else waiting."""
_LOOK_SECONDS = 1.0
_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Desk:
    """One person's open list."""

    layout: Layout
    ledger: WorkLedger
    lock: FileLock | None
    turn: int = 0
    """When it was served last."""
    running: dict[int, int] = field(default_factory=dict)
    """Ticket → job."""
    busy_at: float = field(default_factory=time.monotonic)


@dataclass(slots=True)
class _Ticket:
    desk: _Desk
    job: int
    attempt: int
    tokens: int
    kind: str = ""
    progress: Progress | None = None
    began_at: float = field(default_factory=time.monotonic)
    is_asked: bool = False


class ClassLedger:
    """As `WorkLedger`, over the lists of everybody; jobs are named by their tickets."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._desks: dict[Path, _Desk] = {}
        self._tickets: dict[int, _Ticket] = {}
        self._broken: dict[Path, float] = {}
        self._served: dict[Path, int] = {}
        """Workspace → when it was served last, also of lists that are closed just now."""
        self._numbers = itertools.count(1)
        self._looked_at = -_LOOK_SECONDS
        self._board = TurnBoard(layout)
        self._again = 0

    def close(self) -> None:
        """Let go of all lists."""
        for workspace in list(self._desks):
            self._close(workspace)

    def take_over(self) -> int:
        """Queue again what a dead dispatcher left running, in every list; how many."""
        for workspace in (self._layout.workspace, *members(self._layout.workspace)):
            self._open(workspace)
        return self._again

    def live(self, ticket: int) -> Path:
        """Small previews of a running job."""
        found = self._tickets.get(ticket)
        return self._layout.live(0) if found is None else found.desk.layout.live(found.job)

    def claim(self, *, free: int = 1, most: int = 1, asides: int = 1, judge: Judge | None = None) -> Claim | None:
        """Take on the job whose turn it is: of whom least runs, and among those of who was served longest ago.

        Urgent jobs come first among those of one person only: nobody comes before others by asking for one panel
        after the other.
        """
        self._look()
        for workspace, desk in sorted(self._desks.items(), key=lambda item: (len(item[1].running), item[1].turn)):
            with self._usable(workspace):
                claim = desk.ledger.claim(free=free, most=most, asides=asides, judge=judge)
                if claim is not None:
                    return self._ticketed(workspace, desk, claim)
                if most > 1 and free > 0 and desk.ledger.waiting():
                    break  # it waits for several devices: nobody overtakes it, or it would never come to its turn
        return None

    def to_pause(self) -> tuple[tuple[int, int], ...]:
        """Tickets and attempts of what should make way: it has run for its time, and somebody waits who has nothing."""
        now = time.monotonic()
        running = [(ticket, each) for ticket, each in self._tickets.items() if each.tokens > 0]
        polite = [(ticket, each) for ticket, each in running if each.kind in PAUSING]
        due = [(each.began_at, ticket) for ticket, each in polite if now - each.began_at >= SLICE_SECONDS]
        busy = {id(each.desk) for _, each in running}
        waiting = sum(self._waits(workspace) for workspace, desk in list(self._desks.items()) if id(desk) not in busy)
        asked = sum(each.is_asked for _, each in polite)
        chosen = [ticket for _, ticket in sorted(due) if not self._tickets[ticket].is_asked][: max(0, waiting - asked)]
        for ticket in chosen:
            self._tickets[ticket].is_asked = True
        return tuple((ticket, self._tickets[ticket].attempt) for ticket in chosen)

    def waiting(self) -> int:
        """How many jobs are queued."""
        self._look()
        return sum(self._waits(workspace) for workspace in list(self._desks)) + bool(rung(self._layout))

    def requested_cancels(self) -> dict[int, bool]:
        """Tickets of running jobs that have been asked to stop → whether at once."""
        found: dict[int, bool] = {}
        for workspace, desk in list(self._desks.items()):
            if desk.running:
                with self._usable(workspace):
                    asked = desk.ledger.requested_cancels()
                    found |= {ticket: asked[job] for ticket, job in desk.running.items() if job in asked}
        return found

    def set_progress(self, updates: Mapping[tuple[int, int], Progress]) -> None:
        """How far jobs are."""
        by_desk: dict[Path, dict[tuple[int, int], Progress]] = {}
        for (ticket, attempt), progress in updates.items():
            found = self._tickets.get(ticket)
            if found is not None:
                found.progress = progress
                by_desk.setdefault(found.desk.layout.workspace, {})[found.job, attempt] = progress
        for workspace, each in by_desk.items():
            if workspace in self._desks:
                with self._usable(workspace):
                    self._desks[workspace].ledger.set_progress(each)

    def done(self, ticket: int, attempt: int, result: JobResult) -> bool:
        """The attempt is done."""
        return self._settle(ticket, lambda ledger, job: ledger.done(job, attempt, result))

    def cancelled(self, ticket: int, attempt: int) -> bool:
        """It was asked to stop, and did."""
        return self._settle(ticket, lambda ledger, job: ledger.cancelled(job, attempt))

    def failed(
        self, ticket: int, attempt: int, *, code: str, values: Mapping[str, object], log_id: str | None = None
    ) -> bool:
        """It cannot be done."""
        return self._settle(
            ticket, lambda ledger, job: ledger.failed(job, attempt, code=code, values=values, log_id=log_id)
        )

    def crashed(self, ticket: int, attempt: int, *, reason: str, log_id: str | None = None) -> bool:
        """The child died under it."""
        return self._settle(ticket, lambda ledger, job: ledger.crashed(job, attempt, reason=reason, log_id=log_id))

    def stalled(self, ticket: int, attempt: int, *, seconds: float, step: int) -> bool:
        """It stood still."""
        return self._settle(ticket, lambda ledger, job: ledger.stalled(job, attempt, seconds=seconds, step=step))

    def device_lost(self, ticket: int, attempt: int, *, reason: str, log_id: str | None = None) -> bool:
        """Its device stopped working under it."""
        return self._settle(ticket, lambda ledger, job: ledger.device_lost(job, attempt, reason=reason, log_id=log_id))

    def put_back(self, ticket: int, attempt: int) -> bool:
        """Queue it again without blame: others go first, or the dispatcher leaves."""
        return self._settle(ticket, lambda ledger, job: ledger.put_back(job, attempt))

    def worker_lost(self, ticket: int, attempt: int, *, machine: str) -> bool:
        """The machine that did it went away."""
        return self._settle(ticket, lambda ledger, job: ledger.worker_lost(job, attempt, machine=machine))

    def tidy(self) -> None:
        """Forget what is over, in the lists that are open; tell everybody's page what comes before theirs."""
        self._board.tell(self._standings())
        for workspace, desk in list(self._desks.items()):
            with self._usable(workspace):
                desk.ledger.tidy()

    def _standings(self) -> Iterator[Standing]:
        for workspace, desk in list(self._desks.items()):
            on = [self._tickets[ticket] for ticket in desk.running]
            running = [(each.kind, each.progress) for each in on if each.tokens]
            with self._usable(workspace):
                yield Standing(workspace.parent.name, desk.turn, desk.ledger.waiting(), running)

    def _ticketed(self, workspace: Path, desk: _Desk, claim: Claim) -> Claim:
        ticket = next(self._numbers)
        desk.turn = self._served[workspace] = ticket
        desk.running[ticket] = claim.job
        desk.busy_at = time.monotonic()
        self._tickets[ticket] = _Ticket(desk, claim.job, claim.attempt, claim.tokens, claim.kind)
        return replace(
            claim,
            job=ticket,
            number=claim.job,
            workspace=str(desk.layout.workspace),
            stories=str(desk.layout.stories),
        )

    def _settle(self, ticket: int, write: Callable[[WorkLedger, int], bool]) -> bool:
        found = self._tickets.get(ticket)
        if found is None:
            return False
        written = False
        workspace = found.desk.layout.workspace
        if self._desks.get(workspace) is found.desk:
            with self._usable(workspace):  # a full disk is heard of, and tried again
                written = write(found.desk.ledger, found.job)
        found.desk.running.pop(ticket, None)
        found.desk.busy_at = time.monotonic()
        self._tickets.pop(ticket, None)
        return written

    def _waits(self, workspace: Path) -> bool:
        waits = False
        if workspace in self._desks:
            with self._usable(workspace):
                waits = self._desks[workspace].ledger.waiting() > 0
        return waits

    @contextlib.contextmanager
    def _usable(self, workspace: Path) -> Iterator[None]:
        """A list that is damaged is set aside: the others go on. What only has to wait is for the dispatcher to hear.

        Raises:
            Wait: the disk is full or cannot be written.
        """
        try:
            yield
        except Wait:
            raise
        except StudioError as error:
            _LOG.warning("the list of %s cannot be used: %s", workspace, error)
            self._broken[workspace] = time.monotonic()
            self._close(workspace)

    def _look(self) -> None:
        """Open the lists that somebody rang for, and close those that have had nothing to do for a while."""
        for path in rung(self._layout):
            workspace = self._layout.workspace / USERS / path.name / "workspace"
            if time.monotonic() - self._broken.get(workspace, -BROKEN_SECONDS) < BROKEN_SECONDS:
                continue
            path.unlink(missing_ok=True)  # first: whoever rings from now on is heard again
            if workspace in self._desks:
                self._desks[workspace].busy_at = time.monotonic()
            elif not self._open(workspace):
                self._broken[workspace] = time.monotonic()
        now = time.monotonic()
        if now - self._looked_at < _LOOK_SECONDS:
            return
        self._looked_at = now
        for workspace, desk in list(self._desks.items()):
            is_root = workspace == self._layout.workspace
            if is_root or desk.running or self._waits(workspace):
                desk.busy_at = now
            elif now - desk.busy_at > QUIET_SECONDS:
                self._close(workspace)

    def _open(self, workspace: Path) -> bool:
        """Whether it is open now. One dispatcher serves a list: another one, of a command line, is left to end."""
        if not workspace.is_dir():
            return False
        lock = None
        try:
            layout = layout_at(workspace, workspace.parent / "stories")
            if workspace != self._layout.workspace:  # the class's own is held by this process
                lock = FileLock(layout.dispatcher_lock)
                lock.acquire(timeout=0)
            else:
                layout = self._layout
            ledger = WorkLedger(layout)
        except Timeout:
            _LOG.info("another dispatcher serves %s", workspace)
            return False
        except (StudioError, OSError) as error:
            _LOG.warning("the list of %s cannot be opened: %s", workspace, error)
            if lock is not None:
                lock.release()
            return False
        desk = self._desks[workspace] = _Desk(layout, ledger, lock, turn=self._served.get(workspace, 0))
        if workspace not in self._served:
            self._served[workspace] = 0
            _tidy(layout)
        with self._usable(workspace):
            self._again += desk.ledger.take_over()
        return workspace in self._desks

    def _close(self, workspace: Path) -> None:
        desk = self._desks.pop(workspace, None)
        if desk is None:
            return
        desk.ledger.close()
        if desk.lock is not None:
            desk.lock.release()


def _tidy(layout: Layout) -> None:
    """Nothing of this list runs: what the last children left half-written can go."""
    shutil.rmtree(layout.live(0).parent, ignore_errors=True)
    for sweep in (partial(keep_limits, layout), TakeStore(layout).sweep):
        try:
            sweep()
        except Exception:
            _LOG.exception("leftovers in %s could not be swept", layout.workspace)
