"""Which workers there are: a thread keeps the connection and the list, and says on pages what is wrong with them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from story_engine.errors import StudioError
from story_engine.jobs.cluster import calls
from story_engine.jobs.cluster.connection import Connection
from story_engine.jobs.cluster.needs import Needs
from story_engine.jobs.cluster.parcels import VERSION, Card, Studio
from story_engine.jobs.queue.cluster_address import ClusterAddress, probe
from story_engine.jobs.queue.cluster_notice import ClusterNotice, write_notice
from story_engine.jobs.queue.ledger_claim import Held
from story_engine.jobs.queue.painters import Painters, write_painters
from story_engine.store.layout import Layout

LOOK_SECONDS = 0.5
"""How often the scheduler is asked who is there."""
CARD_SECONDS = 600.0
"""How long a worker may take to say what it can do: it hashes large weights for the first time."""
FRESH_SECONDS = 30.0
"""How often it is asked again: weights may have been put there meanwhile."""
LONGEST_PAUSE_SECONDS = 10.0
MISSED_SECONDS = 60.0
"""How long pages say that a worker is away, once its jobs are done elsewhere."""
_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Member:
    """A worker that does our kind of work."""

    address: str
    card: Card
    held: dict[tuple[int, int], int] = field(default_factory=dict)
    """Job and attempt → tokens."""
    missed: int = 0
    """Orders that came to nothing on it, as dask says; the list of workers may not know yet that it is gone."""
    left_behind: list[str] = field(default_factory=list)
    """Errands that it was given and did not answer for: ended there before it is given others."""

    @property
    def free(self) -> int:
        """Tokens that none of our orders holds."""
        return 0 if self.missed else self.card.tokens - sum(self.held.values())

    def can(self, needs: Needs) -> bool:
        """Whether it could do this, were it free."""
        if needs.tokens > self.card.tokens or (needs.is_for_gpu and self.card.device != "cuda"):
            return False
        if self.card.is_shared:
            if not needs.is_in_the_folder:
                return False
        elif not needs.is_abroad:
            return False
        return all(self.card.weights.get(name) == weights for name, weights in needs.weights)


class Members:
    """The connection to the scheduler and the workers behind it.

    Args:
        layout: of the workspace.
        address: of the scheduler.
        studio: who asks.
        on_lost: called with the orders of a worker that is gone, and its machine; "" where the scheduler is gone.
    """

    def __init__(
        self,
        layout: Layout,
        address: ClusterAddress,
        studio: Studio,
        on_lost: Callable[[list[tuple[int, int]], str], None],
    ) -> None:
        self._layout, self._address, self._studio, self._on_lost = layout, address, studio, on_lost
        self.lock = threading.RLock()
        self.members: dict[str, Member] = {}
        self.connection: Connection | None = None
        self.since = time.monotonic()
        """Since when this connection stands."""
        self._strangers: dict[str, str] = {}
        """Workers that are none of ours → message code of why."""
        self._asked: dict[str, float] = {}
        self._missed: tuple[float, str, str, int] | None = None
        """When, message code, machine and number of jobs of the worker that went away or hung last."""
        self._notice: ClusterNotice | None = None
        self._painters: Painters | None = None
        self._is_closing = threading.Event()
        write_notice(layout, None)
        self._thread = threading.Thread(target=self._keep, name="cluster", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let go of the cluster."""
        self._is_closing.set()
        self._thread.join(2 * LONGEST_PAUSE_SECONDS)
        if self.connection is not None:
            self.connection.close()
        write_notice(self._layout, None)

    def _keep(self) -> None:
        pause = LOOK_SECONDS
        while not self._is_closing.is_set():
            try:
                if self.connection is None:
                    probe(self._address)
                    self._connected(Connection(self._address))
                    pause = LOOK_SECONDS
                self._look()
            except StudioError as error:
                self._lose_scheduler(ClusterNotice.of(error))
                pause = min(LONGEST_PAUSE_SECONDS, 2 * pause)
            except Exception as error:
                _LOG.info("the cluster is lost: %r", error)
                reason = str(error) or type(error).__name__
                values = {"address": self._address.url, "reason": reason[:200]}
                self._lose_scheduler(ClusterNotice(code="cluster.unreachable", values=values))
                pause = min(LONGEST_PAUSE_SECONDS, 2 * pause)
            self._is_closing.wait(pause)

    def _connected(self, connection: Connection) -> None:
        _LOG.info("connected to %s", self._address.url)
        with self.lock:
            self.connection, self.since = connection, time.monotonic()

    def _lose_scheduler(self, notice: ClusterNotice) -> None:
        with self.lock:
            connection, self.connection = self.connection, None
            orders = [key for member in self.members.values() for key in member.held]
            self.members.clear()
            self._strangers.clear()
            self._asked.clear()
        self._say(notice)
        self._on_lost(orders, "")
        if connection is not None:
            threading.Thread(target=connection.close, name="close-cluster", daemon=True).start()

    def _look(self) -> None:
        connection = self.connection
        if connection is None:
            return
        there = connection.workers()
        now = time.monotonic()
        for address in there:
            if now - self._asked.get(address, -FRESH_SECONDS) >= FRESH_SECONDS:
                self._asked[address] = float("inf")  # one question at a time
                threading.Thread(target=self._meet, args=(connection, address), name="meet", daemon=True).start()
        with self.lock:
            gone = [self.members.pop(address) for address in list(self.members) if address not in there]
            self._strangers = {each: code for each, code in self._strangers.items() if each in there}
            self._asked = {each: when for each, when in self._asked.items() if each in there}
        for member in gone:
            _LOG.warning(
                "worker %s on %s is gone with %d job(s)", member.address, member.card.machine, len(member.held)
            )
            if jobs := len(member.held) + member.missed:
                self._missed = (now, "cluster.worker_lost", member.card.machine, jobs)
            self._on_lost(list(member.held), member.card.machine)
        self._say(self._state(now))

    def hangs(self, member: Member) -> None:
        """A worker answers nothing: it is given no more before it does, and pages say so."""
        with self.lock:
            self._asked[member.address] = time.monotonic() - FRESH_SECONDS  # asked again at the next look
            self._missed = (time.monotonic(), "cluster.worker_silent", member.card.machine, member.missed)

    def _meet(self, connection: Connection, address: str) -> None:
        card: Card | None = None
        code = "cluster.no_preload"
        try:
            self._end_left_behind(connection, address)
            card = connection.ask(address, calls.describe, self._studio, seconds=CARD_SECONDS)
            if card is not None and getattr(card, "version", None) != VERSION:
                card, code = None, "cluster.other_version"
        except OSError as error:
            _LOG.warning("worker %s does not answer: %r", address, error)
            code = "cluster.workers_silent"
        except Exception as error:  # one that cannot even read the question is of another version, or has no Studio
            _LOG.warning("worker %s cannot be asked: %r", address, error)
            code = "cluster.other_version"
        with self.lock:
            if self.connection is not connection or address not in self._asked:
                return
            self._asked[address] = time.monotonic()
            if card is None:
                if code != "cluster.workers_silent" or address not in self.members:
                    self._strangers[address] = code
                return
            self._strangers.pop(address, None)
            known = self.members.get(address)
            if known is None:
                _LOG.info("worker %s: %s", address, card)
                self.members[address] = Member(address, card)
            else:
                known.card = card
                if not known.left_behind:  # else this answers a question of before it hung
                    known.missed = 0
            self._tell_painters()

    def _tell_painters(self) -> None:
        """Recipes are made for these; where machines differ, for those with a GPU."""
        cards = sorted((member.card for member in self.members.values()), key=lambda card: card.device == "cuda")
        precisions: dict[str, str] = {}
        for card in cards:
            precisions |= card.precisions
        found = Painters(device=cards[-1].device, precisions=precisions)
        if found != self._painters:
            self._painters = found
            write_painters(self._layout, found)

    def _end_left_behind(self, connection: Connection, address: str) -> None:
        """What a worker that hung still does for orders that began elsewhere."""
        with self.lock:
            known = self.members.get(address)
            errands = list(known.left_behind) if known is not None else []
        for errand in errands:
            connection.ask(address, calls.cancel, errand, True, seconds=CARD_SECONDS)
        if known is not None:
            with self.lock:
                known.left_behind = [each for each in known.left_behind if each not in errands]

    def _state(self, now: float) -> ClusterNotice | None:
        with self.lock:
            count = len(self.members)
            left = sum(1 for member in self.members.values() if not member.missed)
            strangers = dict(self._strangers)
        if self._missed is not None:
            at, code, machine, jobs = self._missed
            if now - at < MISSED_SECONDS or (count and not left):
                return ClusterNotice(code=code, values={"machine": machine, "count": jobs, "left": left})
        if count:
            return None
        if strangers:
            code = next(iter(strangers.values()))
            return ClusterNotice(code=code, values={"count": len(strangers), "address": self._address.url})
        return ClusterNotice(code="cluster.no_workers", values={"address": self._address.url})

    def _say(self, notice: ClusterNotice | None) -> None:
        if notice != self._notice:
            self._notice = notice
            if notice is not None:
                _LOG.warning("%s", notice.text("en"))
            write_notice(self._layout, notice)


def held(needs: Needs, cards: Sequence[Card]) -> Held:
    """Why none of these machines can do what is needed."""
    names = ", ".join(dict.fromkeys(name for name, _ in needs.weights))
    machines = ", ".join(sorted({card.machine for card in cards}))
    if any(card.weights.get(name) not in (None, weights) for card in cards for name, weights in needs.weights):
        return Held(code="cluster.other_weights", values={"family": names, "machines": machines})
    if any(all(card.weights.get(name) == weights for name, weights in needs.weights) for card in cards):
        return Held(code="cluster.no_gpu", values={"family": names, "machines": machines})
    return Held(code="cluster.no_weights", values={"family": names, "machines": machines})
