"""Orders on several machines: each goes to a worker that can do it, and its fruits come home as bytes.

Behind the same calls as the placement of one machine. dask carries orders and answers, and nothing else: which order
runs where is decided here, nothing is tried again here, and dask is never given more than there are free devices.
"""

from __future__ import annotations

import contextlib
import logging
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from distributed import Future

from story_engine.config import Config
from story_engine.domain.job import ASIDE_KINDS
from story_engine.domain.job_result import plain
from story_engine.errors import StudioError
from story_engine.jobs.cluster import calls
from story_engine.jobs.cluster.members import Members, held
from story_engine.jobs.cluster.needs import Needs, needs_of
from story_engine.jobs.cluster.parcels import Errand, News, Studio
from story_engine.jobs.cluster.reception import Reception
from story_engine.jobs.cluster.sending import lora_files, send_missing
from story_engine.jobs.cluster.trip import ANSWER_SECONDS, NEWS_SECONDS, Trip
from story_engine.jobs.orders import (
    Cancelled,
    Crashed,
    Event,
    Failed,
    Freed,
    Lost,
    Order,
    Outcome,
    Progressed,
    WorkerLost,
)
from story_engine.jobs.queue.agent import AgentSettings
from story_engine.jobs.queue.cluster_address import cluster_address
from story_engine.jobs.queue.ledger_claim import Blocked, Claim, Held, Passed
from story_engine.jobs.queue.placement import Placement, Room
from story_engine.store.atomic import write_bytes
from story_engine.store.layout import Layout
from story_engine.store.references import ReferenceStore

PATIENCE_SECONDS = 30.0
"""How long a job that none of the present workers can do waits for one that comes, before a person is asked."""
_MOST_ORDERS = 256
_CLOSE_SECONDS = 10.0
_LOG = logging.getLogger(__name__)


class ClusterPlacement:
    """Places orders on the workers of a dask cluster; what needs this machine's files is done here.

    Args:
        config: with the scheduler's address and certificates.
        layout: of the workspace.
        settings: of the agent for what is done here.
        on_event: called with progress and outcomes, from the threads that follow the orders.

    Raises:
        FixInput: the address or a certificate cannot be used.
    """

    def __init__(
        self, config: Config, layout: Layout, settings: AgentSettings, on_event: Callable[[Event], None]
    ) -> None:
        address = cluster_address(config)
        self._layout, self._settings, self._on_event = layout, settings, on_event
        token = uuid.uuid4().hex
        write_bytes(layout.cluster_token, token.encode())
        self._studio = Studio(
            id=uuid.uuid4().hex[:12], workspace=str(layout.workspace), stories=str(layout.stories), token=token
        )
        self._reception = Reception(layout)
        self._home: Placement | None = None
        self._at_home: set[tuple[int, int]] = set()
        self._home_held = 0
        self._trips: dict[tuple[int, int], Trip] = {}
        self._hopeless: dict[int, float] = {}
        """Job → since when workers are there and none of them can do it."""
        self._threads = ThreadPoolExecutor(max_workers=_MOST_ORDERS, thread_name_prefix="errand")
        self._side = ThreadPoolExecutor(max_workers=8, thread_name_prefix="cancel")
        self._is_closed = False
        self._members = Members(layout, address, self._studio, self._lost)

    def room(self) -> Room:
        """What can be placed just now: there, or here."""
        here = len(self._settings.devices)
        home = self._home
        free_here = here if home is None else home.room().free
        with self._members.lock:
            members = list(self._members.members.values())
            free = max((member.free for member in members), default=0)
            most = max((member.card.tokens for member in members), default=1)
        return Room(max(free, free_here), max(most, here), 1 if home is None else home.room().asides)

    def judge(self, claim: Claim) -> Passed | Blocked | Held | None:
        """Whether a job can be placed now, waits for a worker, or for a person."""
        if claim.kind in ASIDE_KINDS:
            return None  # needs no device, and is done here
        needs = needs_of(claim.kind, claim.spec, claim.tokens)
        with self._members.lock:
            able = [member for member in self._members.members.values() if member.can(needs)]
            is_settled = bool(self._members.members) and self._members.connection is not None
        if any(member.free >= needs.tokens for member in able):
            self._hopeless.pop(claim.job, None)
            return None
        if able:
            self._hopeless.pop(claim.job, None)
            return Blocked() if needs.tokens > 1 else Passed()
        if not needs.is_abroad:
            home = self._home
            free = len(self._settings.devices) if home is None else home.room().free
            if min(needs.tokens, len(self._settings.devices)) <= free:
                return None
            return Passed()
        if not is_settled:
            self._hopeless.pop(claim.job, None)  # all may be well once they are back
            return Passed()
        now = time.monotonic()
        if now - self._hopeless.setdefault(claim.job, now) < PATIENCE_SECONDS:
            return Passed()
        del self._hopeless[claim.job]
        with self._members.lock:
            return held(needs, [member.card for member in self._members.members.values()])

    def place(self, order: Order) -> None:
        """Run an order; there is room for it."""
        needs = needs_of(order.kind, order.spec, order.tokens)
        with self._members.lock:
            members = () if order.kind in ASIDE_KINDS else self._members.members.values()
            able = [each for each in members if each.can(needs) and each.free >= needs.tokens]
            connection = self._members.connection
            if able and connection is not None:
                # The one with most room: work spreads, and several devices of one machine stay together longest.
                member = max(able, key=lambda each: (each.free, each.card.is_shared))
                member.held[order.key] = needs.tokens
                errand = Errand(studio=self._studio, order=order, is_shared=member.card.is_shared)
                trip = self._trips[order.key] = Trip(order, member, connection, errand)
                self._threads.submit(self._follow, trip, needs)
                return
        if needs.is_abroad and order.kind not in ASIDE_KINDS:  # its worker left in this moment
            self._on_event(Lost(job=order.job, attempt=order.attempt))
            return
        if self._home is None:
            self._home = Placement(self._settings, self._on_event)
        here = min(order.tokens, len(self._settings.devices))
        self._home.place(order.model_copy(update={"tokens": here}))

    def cancel(self, job: int, attempt: int, *, is_forced: bool) -> None:
        """Ask a placed order to stop, or end it; returns at once, however far away its worker is."""
        trip = self._trips.get((job, attempt))
        if trip is None:
            if self._home is not None:
                self._home.cancel(job, attempt, is_forced=is_forced)
            return
        trip.wants_cancel = True
        if trip.begins_to_ask(is_forced):
            self._side.submit(self._ask_to_stop, trip, is_forced)

    def pause(self, job: int, attempt: int) -> None:
        """Nothing: a cluster serves no class, and one person's jobs make way by the order of their list."""

    def close(self) -> None:
        """Stop what runs for us, and wait a moment for the outcomes."""
        self._is_closed = True
        for trip in list(self._trips.values()):
            self._side.submit(self._ask_to_stop, trip, True)
        if self._home is not None:
            self._home.close()
        until = time.monotonic() + _CLOSE_SECONDS
        while self._trips and time.monotonic() < until:
            time.sleep(NEWS_SECONDS)
        self._members.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._side.shutdown(wait=False, cancel_futures=True)

    def _lost(self, orders: list[tuple[int, int]], machine: str) -> None:
        for key in orders:
            trip = self._trips.get(key)
            if trip is not None:
                job, attempt = key
                trip.lost = (
                    WorkerLost(job=job, attempt=attempt, machine=machine) if machine else Lost(job=job, attempt=attempt)
                )
                trip.stirred.set()

    def _ask_to_stop(self, trip: Trip, is_forced: bool) -> None:
        job, attempt = trip.order.key
        try:
            worker = trip.member.address
            has_begun = trip.connection.ask(worker, calls.cancel, trip.errand.key, is_forced, seconds=ANSWER_SECONDS)
            if not has_begun and trip.future is not None:
                trip.future.cancel(force=True)
                trip.lost = trip.lost or Cancelled(job=job, attempt=attempt)
                trip.stirred.set()
        except OSError as error:
            # It hangs, or is just going: nobody waits for it, and it is told again when it answers.
            _LOG.warning("job %d: its worker cannot be asked to stop: %s", job, error)
            self._leave_behind(trip)
            trip.lost = trip.lost or Cancelled(job=job, attempt=attempt)
            trip.stirred.set()
        except Exception:
            _LOG.exception("job %d could not be asked to stop", job)
        finally:
            trip.has_asked(is_forced)

    def _follow(self, trip: Trip, needs: Needs) -> None:
        """See one order through, in a thread of its own."""
        order = trip.order
        outcome: Outcome
        try:
            outcome = self._seen_through(trip, needs)
        except StudioError as error:
            outcome = Failed(job=order.job, attempt=order.attempt, code=error.code, values=plain(error.values))
        except Exception as error:
            if trip.lost is not None:
                outcome = trip.lost
            elif not trip.connection.is_alive:
                self._doubt(trip)
                outcome = Lost(job=order.job, attempt=order.attempt)
            else:
                _LOG.exception("job %d broke on its way", order.job)
                reason = f"{type(error).__name__}: {error}"[:300]
                outcome = Crashed(job=order.job, attempt=order.attempt, reason=reason)
        if self._is_closed and isinstance(outcome, Cancelled) and not trip.wants_cancel:
            outcome = Lost(job=order.job, attempt=order.attempt)
        with self._members.lock:
            trip.member.held.pop(order.key, None)
        self._on_event(outcome)
        self._trips.pop(order.key, None)
        if trip.future is not None:
            # Let go of while its worker is still putting its things away, dask would take it for cancelled.
            trip.stirred.wait(_CLOSE_SECONDS)

    def _seen_through(self, trip: Trip, needs: Needs) -> Outcome:
        order, worker, connection = trip.order, trip.member.address, trip.connection
        found = 0
        errand = trip.errand
        if not errand.is_shared:
            files = lora_files(self._layout, needs.loras)
            send_missing(connection, worker, files)
            fewer, found = self._reception.without_finished(order)
            loras = tuple(each.file for each in files)
            errand = Errand(
                studio=self._studio,
                order=fewer,
                is_shared=False,
                loras=loras,
                references=tuple(map(ReferenceStore(self._layout).content, needs.references)),
            )
        future = connection.submit(calls.perform, errand, key=errand.key, worker=worker, tokens=order.tokens)
        trip.future = future
        future.add_done_callback(lambda _future: trip.stirred.set())
        home = trip.told(future, self._take_in, self._silent)
        if home is None:
            if not future.done() or future.status != "finished":
                return self._unfinished(trip, future)
            home = future.result(timeout=_CLOSE_SECONDS)
        self._free(trip)
        self._reception.take_in_all(home)
        return self._reception.with_found(home.outcome, found)

    def _free(self, trip: Trip) -> None:
        """What is home needs no device: the next order is given while this one's pictures are stored."""
        with self._members.lock:
            trip.member.held.pop(trip.order.key, None)
        self._on_event(Freed(job=trip.order.job, attempt=trip.order.attempt))

    def _silent(self, trip: Trip) -> WorkerLost:
        job, attempt = trip.order.key
        machine = trip.member.card.machine
        _LOG.warning("job %d: its worker on %s has said nothing for %.0f s", job, machine, trip.silent_seconds)
        self._leave_behind(trip)
        self._members.hangs(trip.member)
        return WorkerLost(job=job, attempt=attempt, machine=machine)

    def _leave_behind(self, trip: Trip) -> None:
        with self._members.lock:
            trip.member.missed += 1
            trip.member.left_behind.append(trip.errand.key)

    def _doubt(self, trip: Trip) -> None:
        """Give its worker nothing more before it has answered: the list of workers lags behind."""
        with self._members.lock:
            trip.member.missed += 1

    def _take_in(self, trip: Trip, news: News) -> None:
        order = trip.order
        progress = self._reception.take_in(order.job, news)
        if progress is not None:
            self._on_event(Progressed(job=order.job, attempt=order.attempt, progress=progress))

    def _unfinished(self, trip: Trip, future: Future) -> Outcome:
        """What is to be said of an order that brought nothing home."""
        job, attempt = trip.order.key
        if trip.lost is not None:
            with contextlib.suppress(Exception):
                future.cancel(force=True)
            return trip.lost
        if future.status == "error":
            error = future.exception(timeout=_CLOSE_SECONDS)
            if type(error).__name__ == "KilledWorker":
                self._doubt(trip)
                return WorkerLost(job=job, attempt=attempt, machine=trip.member.card.machine)
            _LOG.error("job %d broke on the worker: %r", job, error)
            return Crashed(job=job, attempt=attempt, reason=f"{type(error).__name__}: {error}"[:300])
        # Cancelled or forgotten by dask: the scheduler was restarted, or the worker left.
        self._doubt(trip)
        return Cancelled(job=job, attempt=attempt) if trip.wants_cancel else Lost(job=job, attempt=attempt)
