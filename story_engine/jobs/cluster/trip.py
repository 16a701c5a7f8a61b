"""One order abroad, and how long its worker has been silent."""

from __future__ import annotations

import threading
import time

from distributed import Future

from story_engine.jobs.cluster.connection import Connection
from story_engine.jobs.cluster.members import Member
from story_engine.jobs.cluster.parcels import Errand
from story_engine.jobs.orders import Order, Outcome


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

    def heard(self) -> None:
        """Its worker has answered."""
        self.heard_at = time.monotonic()

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
