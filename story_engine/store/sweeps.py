"""The comparisons of a story: the one opened last, and the last few that were painted."""

from __future__ import annotations

import logging
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import Field, ValidationError

from story_engine.domain.safe_name import name_fault
from story_engine.domain.sweep import Sweep
from story_engine.domain.value import Value
from story_engine.errors import FixInput, StudioError, Wait
from story_engine.store.atomic import read_bytes, write_bytes
from story_engine.store.folders import make_folder
from story_engine.store.layout import Layout

MOST_KEPT = 8
"""Painted sweeps that a story remembers; their takes stay in any case."""
_LARGEST_BYTES = 1_000_000
_LOCK_SECONDS = 5.0
_LOG = logging.getLogger(__name__)


class StorySweeps(Value):
    """What a story remembers of its comparisons."""

    last: Sweep | None = None
    painted: tuple[Sweep, ...] = Field(default=())
    """Newest first."""


class SweepStore:
    """One small file per story. It can be deleted: nothing but a choice of axes is lost."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def load(self, slug: str) -> StorySweeps:
        """What is remembered; nothing where there is no file, or where it was damaged by hand."""
        path = self._path(slug)
        try:
            return StorySweeps.model_validate_json(read_bytes(path, limit=_LARGEST_BYTES))
        except FileNotFoundError:
            return StorySweeps()
        except (ValidationError, StudioError) as error:
            _LOG.warning("The sweeps in %s cannot be read and are passed over: %s", path, error)
            return StorySweeps()

    def remember(self, slug: str, sweep: Sweep, *, is_painted: bool = False) -> None:
        """The sweep is what the next visit begins with; a painted one is listed too.

        Raises:
            Wait: the file cannot be written, or somebody else is writing it.
        """
        path = self._path(slug)
        if not is_painted and self.load(slug).last == sweep:
            return
        try:
            make_folder(path.parent)
            with FileLock(path.with_suffix(".lock"), timeout=_LOCK_SECONDS):
                known = self.load(slug)
                painted = known.painted
                if is_painted:
                    painted = (sweep, *(each for each in painted if each != sweep))[:MOST_KEPT]
                changed = known.model_copy(update={"last": sweep, "painted": painted})
                write_bytes(path, changed.model_dump_json(indent=1).encode())
        except Timeout as error:
            raise Wait("sweep.busy", path=path) from error
        except OSError as error:
            raise Wait("files.not_written", path=path, reason=error.strerror) from error

    def _path(self, slug: str) -> Path:
        fault = name_fault(slug)
        if fault is not None:
            raise FixInput(fault[0], **fault[1])
        return self._layout.sweeps(slug)
