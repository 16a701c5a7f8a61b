"""The front desk for the disk: what takes up how much, what can go, and what was deleted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from story_engine.domain.disk import CLEANUP_KINDS, CleanupKind, DiskUse, Limits, TrashEntry
from story_engine.flows import disk, room
from story_engine.flows.disk_work import DiskState
from story_engine.flows.services import Services


@dataclass(frozen=True, slots=True)
class DiskDesk:
    """Everything a person can ask about the disk. Reached as `engine.disk`."""

    services: Services

    def state(self) -> DiskState:
        """What is known just now; measuring goes on in the background."""
        return disk.state(self.services)

    def measure(self) -> DiskUse:
        """What takes up how much, measured while the caller waits."""
        return disk.measure(self.services)

    def clean(self, kinds: Iterable[CleanupKind] = CLEANUP_KINDS) -> int:
        """Throw away what nobody needs, while the caller waits; bytes that became free."""
        return disk.clean_now(self.services, kinds)

    def start_cleaning(self, kinds: Iterable[CleanupKind]) -> None:
        """The same in the background; `state` says how far it is.

        Raises:
            Wait: one runs already.
        """
        disk.start_cleaning(self.services, kinds)

    def restore(self, token: str) -> TrashEntry:
        """Bring anything back from the trash; what it is, and is called now.

        Raises:
            ChooseAnother: nothing there has this token.
        """
        return disk.restore(self.services, token)

    def forget(self, token: str) -> None:
        """Delete something in the trash for good.

        Raises:
            ChooseAnother: nothing there has this token.
        """
        disk.forget(self.services, token)

    def limits(self) -> Limits:
        """How much is kept of what would grow for ever."""
        return disk.limits(self.services)

    def set_limits(self, **changes: float) -> Limits:
        """Other limits, from now on.

        Raises:
            FixInput: a value cannot be accepted.
        """
        return disk.set_limits(self.services, **changes)

    def low_bytes(self) -> int | None:
        """What is free, where that is so little that work may stop half way; None where there is enough."""
        return room.low_bytes(self.services)
