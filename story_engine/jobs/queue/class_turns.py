"""What of other people's comes before somebody's in a class: counted by the dispatcher, read by their page.

A page opens nobody else's list of jobs; it is told how many there are, and whether a training holds the device.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from pydantic import TypeAdapter, ValidationError

from story_engine.domain.job import OthersBefore, Progress
from story_engine.errors import StudioError
from story_engine.jobs.queue.presence import dispatcher_state
from story_engine.store.atomic import read_bytes, write_bytes
from story_engine.store.layout import Layout

_FILE = "turns.json"
_LARGEST_BYTES = 1_000_000
_MINUTE = 60.0
_LOOK_SECONDS = 1.0
_ALL: TypeAdapter[dict[str, OthersBefore]] = TypeAdapter(dict[str, OthersBefore])


@dataclass(slots=True)
class Standing:
    """Where one person's list stands."""

    name: str
    """Of their folder."""
    turn: int
    """When it was served last."""
    waiting: int
    running: list[tuple[str, Progress | None]] = field(default_factory=list)
    """Kind of each job on a device, and how far it is."""


def others_before(lists: Iterable[Standing]) -> dict[str, OthersBefore]:
    """For everybody who waits: what of other people's runs, and how many of them are served before.

    By the order in which jobs are claimed: of whom least runs, among those of who was served longest ago.
    """
    ordered = sorted(lists, key=lambda each: (len(each.running), each.turn))
    found: dict[str, OthersBefore] = {}
    before = 0
    for each in ordered:
        if not each.waiting:
            continue
        theirs = [job for other in ordered if other is not each for job in other.running]
        trainings = [progress for kind, progress in theirs if kind == "train"]
        etas = [progress.eta_seconds for progress in trainings if progress and progress.eta_seconds is not None]
        # To the minute: the file is written anew whenever it differs.
        eta = _MINUTE * max(1, round(min(etas) / _MINUTE)) if etas else None
        found[each.name] = OthersBefore(
            running=len(theirs), waiting=before, trainings=len(trainings), training_seconds=eta
        )
        before += 1
    return found


class TurnBoard:
    """Tells everybody's page, once a second where something has changed.

    Args:
        layout: of the class.
    """

    def __init__(self, layout: Layout) -> None:
        self._path = layout.workspace / _FILE
        self._told: dict[str, OthersBefore] | None = None
        self._told_at = -_LOOK_SECONDS

    def tell(self, lists: Iterable[Standing]) -> None:
        """Write down how the lists stand; they are only gone through when it is time."""
        if time.monotonic() - self._told_at < _LOOK_SECONDS:
            return
        self._told_at = time.monotonic()
        turns = others_before(lists)
        if turns != self._told:
            with contextlib.suppress(StudioError):  # a full disk: pages know less for a while
                write_bytes(self._path, _ALL.dump_json(turns), is_durable=False)
                self._told = turns


def read_turns(serving: Layout, layout: Layout) -> OthersBefore | None:
    """What of other people's comes before the jobs of this workspace; None where nothing is known of it.

    Args:
        serving: of the class.
        layout: of one person's workspace.
    """
    if serving is layout or dispatcher_state(serving) != "running":
        return None
    try:
        return _ALL.validate_json(read_bytes(serving.workspace / _FILE, limit=_LARGEST_BYTES)).get(
            layout.workspace.parent.name
        )
    except (OSError, StudioError, ValidationError):
        return None
