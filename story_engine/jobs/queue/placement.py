"""Where jobs are placed: the devices of this machine, one thread per token, an agent behind them.

The dispatcher knows three calls, `place`, `cancel` and `close`, asks what can be placed, and hears of progress and
outcomes through `on_event`. The placement on several machines (`jobs/cluster/placement.py`) offers the same. It decides
where an order runs, and nothing else: the ledger is the truth, nothing is ever tried again here, and no more orders are
given than there are free tokens.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

from story_engine.jobs.kinds import STANDARD, WITHOUT_WARM_UP
from story_engine.jobs.orders import Crashed, Event, Order, Outcome
from story_engine.jobs.queue.agent import Agent, AgentSettings
from story_engine.jobs.queue.ledger_claim import Judge

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Room:
    """What can be placed just now."""

    free: int
    """Tokens that nothing holds, of the one machine that has most of them."""
    most: int
    """Tokens of the largest machine; a job that asks for more gets these."""
    asides: int = 1
    """Jobs without a device that can be placed."""


class Places(Protocol):
    """Where a dispatcher has its jobs done."""

    def room(self) -> Room:
        """What can be placed just now."""

    @property
    def judge(self) -> Judge | None:
        """What keeps a job from being placed now, where machines differ; None where none does."""

    def place(self, order: Order) -> None:
        """Run an order; its tokens are free."""

    def cancel(self, job: int, attempt: int, *, is_forced: bool) -> None:
        """Ask a placed order to stop, or end it; returns at once."""

    def pause(self, job: int, attempt: int) -> None:
        """Ask a placed order to let others go first as soon as nothing is lost by it; returns at once."""

    def close(self) -> None:
        """End what runs, and wait for the outcomes."""


class Placement:
    """Places orders on this machine's tokens.

    Args:
        settings: for the agent.
        on_event: called with progress and outcomes, from the threads that follow the jobs.
    """

    def __init__(self, settings: AgentSettings, on_event: Callable[[Event], None]) -> None:
        self._on_event = on_event
        self._agent = Agent(settings)
        self._tokens = len(settings.devices)
        self._held: dict[tuple[int, int], int] = {}
        self._lock = threading.Lock()
        # No job of that kind imports torch, and so its child loads none beforehand.
        work = WITHOUT_WARM_UP if settings.child.work == STANDARD else settings.child.work
        child = replace(settings.child, work=work)
        self._aside = Agent(replace(settings, child=child, devices=(None,), name="aside"))
        self._threads = ThreadPoolExecutor(max_workers=len(settings.devices) + 1, thread_name_prefix="job")
        threading.Thread(target=self._warm_up, name="warm-up", daemon=True).start()

    judge: Judge | None = None

    def room(self) -> Room:
        """What can be placed just now."""
        with self._lock:
            asides = 0 if 0 in self._held.values() else 1
            return Room(self._tokens - sum(self._held.values()), self._tokens, asides)

    def place(self, order: Order) -> None:
        """Run an order; its tokens are free."""
        with self._lock:
            self._held[order.key] = order.tokens
        self._threads.submit(self._run, order)

    def cancel(self, job: int, attempt: int, *, is_forced: bool) -> None:
        """Ask a placed order to stop, or end it; returns at once."""
        self._agent.cancel(job, attempt, is_forced=is_forced)
        self._aside.cancel(job, attempt, is_forced=is_forced)

    def pause(self, job: int, attempt: int) -> None:
        """Ask a placed order to let others go first as soon as nothing is lost by it; returns at once."""
        self._agent.pause(job, attempt)

    def close(self) -> None:
        """End the children, and wait for the outcomes of their jobs."""
        self._agent.close()
        self._aside.close()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _run(self, order: Order) -> None:
        outcome: Outcome
        try:
            if order.tokens:
                outcome = self._agent.run(order, self._on_event)
            else:
                outcome = self._aside.run(order.model_copy(update={"tokens": 1}), self._on_event)
        except Exception as error:
            # A fault of ours counts against the job, or it would be tried again for ever.
            _LOG.exception("job %d broke the agent", order.job)
            outcome = Crashed(job=order.job, attempt=order.attempt, reason=f"{type(error).__name__}: {error}")
        with self._lock:
            self._held.pop(order.key, None)
        self._on_event(outcome)

    def _warm_up(self) -> None:
        try:
            self._agent.warm_up()
        except Exception:  # the first job reports it to whoever waits for it
            _LOG.exception("no child can be started")
