"""Whether there is room on the disk for work that is asked for."""

from __future__ import annotations

from story_engine.errors import Wait
from story_engine.flows.members import check_share
from story_engine.flows.services import Services
from story_engine.store.disk import free_bytes

LOW_BYTES = 2_000_000_000
"""Below this work may stop half way: a training's checkpoints, or a story in many takes, can fill it."""
SMALLEST_TAKE_BYTES = 20_000
"""Of a picture with its record; real ones are ten to a hundred times as large."""
SMALLEST_RUN_BYTES = 10_000_000
"""Of a run: one checkpoint of the smallest LoRA with what is needed to go on, and its log."""


def check_room(services: Services, needed_bytes: int) -> None:
    """Refuse work that certainly cannot fit; of what may not, `low_bytes` warns.

    Raises:
        Wait: less is free than it needs at the very least, or the share of this person of a class is used up.
    """
    check_share(services, needed_bytes)
    free = free_bytes(services.layout.workspace)
    if free is not None and free < needed_bytes:
        raise Wait("disk.does_not_fit", needed=_megabytes(needed_bytes), free=_megabytes(free))


def low_bytes(services: Services) -> int | None:
    """What is free, where that is so little that work may stop half way; None where there is enough."""
    free = free_bytes(services.layout.workspace)
    return free if free is not None and free < LOW_BYTES else None


def _megabytes(size_bytes: int) -> int:
    return round(size_bytes / 1e6)
