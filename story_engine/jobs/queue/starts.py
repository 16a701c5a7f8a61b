"""Starts of a dispatcher that came to nothing: counted, spaced out and reported, instead of repeated for ever.

Whoever starts one counts it; a dispatcher that has served for a while takes the count back. The count therefore also
holds what never got as far as writing a log of its own, and what broke as soon as it served.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from pydantic import ValidationError

from story_engine.domain.job import ClusterNotice, StartTrouble
from story_engine.domain.value import Value
from story_engine.errors import StudioError
from story_engine.store.atomic import write_bytes
from story_engine.store.layout import Layout

START_LOG = "dispatcher-start.log"
"""What a dispatcher prints before its own rotating log is open, and what its libraries print."""
MOST_SILENT = 2
"""So many starts may come to nothing before it is reported: one may meet a dispatcher that is just leaving."""
STARTING_SECONDS = 3.0
"""A dispatcher announces itself within this time; afterwards silence means that it is leaving."""
_LONGEST_PAUSE_SECONDS = 60.0
_TAIL_BYTES = 4_000


class _Starts(Value):
    count: int = 0
    """Since a dispatcher served for the last time."""
    at: float = 0.0
    """The last one, in seconds since 1970."""
    reason: str = ""
    told: ClusterNotice | None = None


def start_begins(layout: Layout) -> None:
    """Count a start that is being tried.

    Raises:
        Wait: the disk is full or cannot be written.
    """
    _write(layout, _Starts(count=_read(layout).count + 1, at=time.time()))


def start_failed(layout: Layout, reason: str | StudioError) -> None:
    """Keep why a start came to nothing, as far as the disk lets us."""
    told = ClusterNotice.of(reason) if isinstance(reason, StudioError) else None
    starts = _read(layout)
    if starts.count:
        with contextlib.suppress(StudioError):
            _write(layout, starts.model_copy(update={"reason": str(reason)[:500], "told": told}))


def start_succeeded(layout: Layout) -> None:
    """A dispatcher serves: earlier starts are forgotten."""
    with contextlib.suppress(OSError):
        _path(layout).unlink(missing_ok=True)


def must_wait(layout: Layout) -> bool:
    """Whether the last start is too short ago for another one, given how many came to nothing."""
    starts = _read(layout)
    if starts.count < MOST_SILENT:
        return False
    # A clock that was set back must not keep everybody waiting.
    return 0 <= time.time() - starts.at < min(2.0**starts.count, _LONGEST_PAUSE_SECONDS)


def start_trouble(layout: Layout) -> StartTrouble | None:
    """What keeps the dispatcher from starting, after more than a start or two came to nothing."""
    starts = _read(layout)
    if starts.count < MOST_SILENT or 0 <= time.time() - starts.at < STARTING_SECONDS:
        return None
    log = layout.logs / START_LOG
    reason = starts.reason or _last_line(log)
    return StartTrouble(count=starts.count, reason=reason, log=str(log), told=starts.told)


def _last_line(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
            lines = file.read().decode("utf-8", errors="replace").split("\n")
    except OSError as error:
        return str(error)
    return next((line.strip()[:500] for line in reversed(lines) if line.strip()), "")


def _read(layout: Layout) -> _Starts:
    try:
        return _Starts.model_validate_json(_path(layout).read_bytes())
    except (OSError, ValidationError):
        return _Starts()


def _write(layout: Layout, starts: _Starts) -> None:
    write_bytes(_path(layout), starts.model_dump_json().encode())


def _path(layout: Layout) -> Path:
    return layout.workspace / "dispatcher-starts.json"
