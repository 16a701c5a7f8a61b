"""One order abroad, and how long its worker has been silent."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from distributed import Future

from story_engine.jobs.cluster import calls
from story_engine.jobs.cluster.connection import Connection
from story_engine.jobs.cluster.members import Member
from story_engine.jobs.cluster.parcels import Errand, Homecoming, News
from story_engine.jobs.orders import Order, Outcome

NEWS_SECONDS = 0.25
"""How often a worker is asked how far it is; pages look once a second. It answers at once when it is done."""
ANSWER_SECONDS = 15.0
"""How long a worker may take to answer a question about an order."""
SILENT_SECONDS = 60.0
"""A worker that has answered nothing for so long hangs: its orders begin elsewhere. It forgets them after the same time
(`station.FORGOTTEN_SECONDS`), so that no device does one of them in vain; dask itself would wait five minutes."""


class Trip:
    """An order on its way to a worker and back."""

    def __init__(self, order: Order, member: Member, connection: Connection, errand: Errand) -> None:
        self.order, self.member, self.connection, self.errand = order, member, connection, errand
        self.wants_cancel = False
        self.lost: Outcome | None = None
        self.stirred = threading.Event()
        self.future: Future | None = None
        self.heard_at = time.monotonic()
        self._lock = threading.Lock()
        self._asking: set[bool] = set()

    @property
    def silent_seconds(self) -> float:
        """Since its worker has answered for the last time."""
        return time.monotonic() - self.heard_at

    def told(
        self, future: Future, take_in: Callable[[Trip, News], None], silent: Callable[[Trip], Outcome]
    ) -> Homecoming | None:
        """See the order to its end, as its worker tells it; None where dask knew of an end before.

        Args:
            future: dask's own.
            take_in: given what is new.
            silent: what becomes of an order whose worker hangs.
        """
        have: set[str] = set()
        given = self.member.address, calls.news, self.errand.key
        while not future.done() and self.lost is None:
            try:
                news: News = self.connection.ask(*given, sorted(have), NEWS_SECONDS, seconds=ANSWER_SECONDS)
            except OSError:
                self.stirred.wait(NEWS_SECONDS)  # if it is gone, somebody will say so
            else:
                self.heard_at = time.monotonic()
                if news.home is not None:
                    return news.home
                take_in(self, news)
                have |= set(news.takes)
            if self.silent_seconds >= SILENT_SECONDS and not future.done():
                self.lost = self.lost or silent(self)
        return None

    def begins_to_ask(self, is_forced: bool) -> bool:
        """Whether it is not being asked to stop already: a worker that does not answer holds one question, not all."""
        with self._lock:
            if is_forced in self._asking:
                return False
            self._asking.add(is_forced)
            return True

    def has_asked(self, is_forced: bool) -> None:
        """The question is answered, or came to nothing."""
        with self._lock:
            self._asking.discard(is_forced)
