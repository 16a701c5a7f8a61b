"""What takes room on the disk, what is thrown away when, and what of it a person decides."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import Field

from story_engine.domain.value import Value

TrashKind = Literal["story", "take", "dataset", "run", "lora"]
"""What can be deleted, and so brought back."""
DAY_SECONDS = 24 * 3600.0


class Limits(Value):
    """How much is kept of what would otherwise grow for ever."""

    trash_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """How long what was deleted can be brought back."""
    finished_jobs: Annotated[int, Field(ge=50, le=100_000)] = 1000
    """How many jobs that are over stay in the list."""
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
