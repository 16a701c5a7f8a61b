"""What one person of a class may have: their share of disk and queue, and what is left to whoever runs the class."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from story_engine.errors import FixInput, Wait
from story_engine.flows.services import Services
from story_engine.store.disk import size_of
from story_engine.store.disk_share import GB

_MEASURED_SECONDS = 10
"""How old the figure of what somebody keeps may be: it is asked for at every job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one person of a class has, of what they may have; a limit of 0 is none."""

    used_bytes: int
    most_bytes: int
    waiting: int
    most_waiting: int


def share(services: Services) -> Share | None:
    """Of whoever asks; None where they are no member of a class."""
    if not services.is_member:
        return None
    return Share(
        used_bytes=_used(services.layout.workspace.parent, int(time.monotonic() / _MEASURED_SECONDS)),
        most_bytes=services.config.user_disk_gb * GB,
        waiting=services.ledger.waiting(),
        most_waiting=services.config.user_jobs,
    )


def check_share(services: Services, needed_bytes: int) -> None:
    """Refuse to begin what a person's share of the disk has no room for. What runs looks itself (`DiskShare`).

    Raises:
        Wait: it has not.
    """
    if not services.is_member or not services.config.user_disk_gb:
        return
    used = _used(services.layout.workspace.parent, int(time.monotonic() / _MEASURED_SECONDS))
    limit = services.config.user_disk_gb * GB
    if used + needed_bytes > limit:
        raise Wait("members.disk_share", used=f"{used / GB:.1f}", limit=services.config.user_disk_gb)


def refuse_to_members(services: Services) -> None:
    """For what belongs to all: models, their settings, the machine's other folders and accounts.

    Raises:
        FixInput: the workspace is one person's of a class.
    """
    if services.is_member:
        raise FixInput("members.operator_only")


@lru_cache(maxsize=256)
def _used(home: Path, moment: int) -> int:
    del moment  # it only makes what is known too old
    return size_of(home)
