"""How far measuring and cleaning the disk are, as every session of this process sees it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from story_engine.domain.disk import DiskUse
from story_engine.errors import StudioError


@dataclass(frozen=True, slots=True)
class DiskState:
    """What is known of the disk just now."""

    use: DiskUse | None
    """The last measurement; None until the first is done."""
    is_measuring: bool
    is_cleaning: bool
    freed_bytes: int
    """By the cleaning that runs, or the last one."""
    to_free_bytes: int
    error: StudioError | None
    """Why the last measurement or cleaning came to nothing."""


@dataclass(slots=True)
class DiskWork:
    """The one measurement or cleaning of this process that runs."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    use: DiskUse | None = None
    measuring: bool = False
    cleaning: bool = False
    freed_bytes: int = 0
    to_free_bytes: int = 0
    stale: bool = True
    """Something has changed since the last measurement."""
    seen: tuple[int, ...] = ()
    """The times of the folders when it was measured last."""
    error: StudioError | None = None
