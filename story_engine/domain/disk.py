"""What takes room on the disk, what is thrown away when, and what of it a person decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal, get_args

from pydantic import Field

from story_engine.domain.value import Value

TrashKind = Literal["story", "take", "takes", "dataset", "run", "lora"]
"""What can be deleted, and so brought back; "takes" are several pictures deleted at once."""
CleanupKind = Literal["caches", "gone_takes", "old_trash", "jobs", "leftovers", "references"]
CLEANUP_KINDS: tuple[CleanupKind, ...] = get_args(CleanupKind)
DAY_SECONDS = 24 * 3600.0


class Limits(Value):
    """How much is kept of what would otherwise grow for ever."""

    trash_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """How long what was deleted can be brought back."""
    finished_jobs: Annotated[int, Field(ge=50, le=100_000)] = 1000
    """How many jobs that are over stay in the list."""
    job_days: Annotated[int, Field(ge=1, le=3650)] = 90
    """How old they may become."""
    cache_gb: Annotated[float, Field(ge=0.1, le=10_000)] = 20.0
    """How large the caches may be before the oldest of them go, in GB (1e9 bytes)."""


class TrashEntry(Value):
    """One deleted thing."""

    token: str
    """Gives it back."""
    kind: TrashKind
    name: str
    """What it was called on disk, and will be again if that is free."""
    title: str
    """What it was called on pages."""
    deleted_at: str
    """ISO 8601, UTC."""

    def age_seconds(self, now: datetime) -> float:
        """How long ago it was deleted; 0 where the clock has been put back since."""
        return max(0.0, (now - self.deleted_time).total_seconds())

    @property
    def deleted_time(self) -> datetime:
        """`deleted_at` as a time; what cannot be read as one counts as just deleted."""
        try:
            found = datetime.fromisoformat(self.deleted_at)
        except ValueError:
            return datetime.now(UTC)
        return found if found.tzinfo else found.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much something takes up."""

    name: str
    size_bytes: int
    count: int
    """Pieces of it: takes, datasets, files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryRoom(Room):
    """The takes of one story."""

    title: str
    is_gone: bool
    """Neither on the shelf nor in the trash, and without a history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrashRoom:
    """Something in the trash, and how much it takes up."""

    entry: TrashEntry
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleanup:
    """One kind of thing that can go without a loss, all of it named before anything goes."""

    kind: CleanupKind
    size_bytes: int
    names: tuple[str, ...]
    """What goes: stories without a file, deleted things, folders of a cache, jobs."""
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskUse:
    """What takes up how much, and what of it can go."""

    free_bytes: int
    total_bytes: int
    """Of the disk that the workspace lies on."""
    parts: tuple[Room, ...]
    stories: tuple[StoryRoom, ...]
    """Largest first."""
    trash: tuple[TrashRoom, ...]
    """Last deleted first."""
    cleanups: tuple[Cleanup, ...]
    """Only what is there."""
    measured_at: float
    """Seconds since the epoch."""

    @property
    def size_bytes(self) -> int:
        """Everything together."""
        return sum(part.size_bytes for part in self.parts)
