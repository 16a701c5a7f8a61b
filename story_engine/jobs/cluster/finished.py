"""What a child has finished in its guest workspace: fetched piece by piece while it works, the rest at its end."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from story_engine.domain.job import Progress
from story_engine.jobs.cluster.parcels import Homecoming, News, TakeParcel
from story_engine.jobs.orders import Outcome
from story_engine.store.layout import Layout
from story_engine.store.take_files import read_record

_MOST_TAKES_AT_ONCE = 4
"""Per answer: a large picture is some megabytes, and the scheduler passes each answer on as a whole."""


class Finished:
    """The fruits of one errand.

    Args:
        guest: layout of the guest workspace, which holds nothing else.
        job: its id, for the folder of its previews.
    """

    def __init__(self, guest: Layout, job: int) -> None:
        self._guest = guest
        self._job = job
        self._shown: dict[PurePosixPath, int] = {}
        self._have: set[str] = set()

    def clear(self) -> None:
        """Nothing of the last errand may be taken for one of the next; what can be kept, such as embeddings, is."""
        for folder in (
            self._guest.workspace / "takes",
            self._guest.scores,
            self._guest.loras,
            self._guest.references,
            self._guest.live(0).parent,
        ):
            shutil.rmtree(folder, ignore_errors=True)

    def news(self, progress: Progress | None, have: Collection[str]) -> News:
        """What is new for a dispatcher that has the takes `have` already."""
        self._have |= set(have)
        takes = dict(zip(range(_MOST_TAKES_AT_ONCE), self._takes(), strict=False))
        return News(progress=progress, previews=dict(self._previews()), takes=dict(takes.values()))

    def homecoming(self, outcome: Outcome) -> Homecoming:
        """The end of it, with everything that the dispatcher has not said to have."""
        return Homecoming(outcome=outcome, takes=dict(self._takes()), scored=self._scored())

    def _takes(self) -> Iterator[tuple[str, TakeParcel]]:
        for record in sorted((self._guest.workspace / "takes").glob("*/*/*.json"), key=_written_at):
            if record.stem in self._have or read_record(record) is None:
                continue
            with contextlib.suppress(OSError):  # deleted, or not there yet: the record comes last, so that is rare
                yield (
                    record.stem,
                    TakeParcel(
                        record=record.read_bytes(),
                        png=record.with_suffix(".png").read_bytes(),
                        thumbnail=record.with_suffix(".jpg").read_bytes(),
                    ),
                )

    def _previews(self) -> Iterator[tuple[PurePosixPath, bytes]]:
        folder = self._guest.live(self._job)
        for path in folder.glob("*.jpg"):
            with contextlib.suppress(OSError):
                name, written = PurePosixPath(path.name), path.stat().st_mtime_ns
                if self._shown.get(name) != written:
                    yield name, path.read_bytes()
                    self._shown[name] = written

    def _scored(self) -> dict[str, tuple[str, ...]]:
        return {
            path.name: tuple(filter(None, path.read_text(encoding="utf-8", errors="replace").splitlines()))
            for path in sorted(self._guest.scores.glob("*.jsonl"))
        }


def with_previews_of(progress: Progress, job: int, layout: Layout) -> Progress:
    """The same progress with the paths of its previews as they are in the dispatcher's workspace."""
    if not progress.previews:
        return progress
    folder = layout.live(job).relative_to(layout.workspace).as_posix()
    return replace(
        progress,
        previews={scene: f"{folder}/{PurePosixPath(path).name}" for scene, path in progress.previews.items()},
    )


def _written_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
