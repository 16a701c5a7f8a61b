"""Which dispatcher serves a workspace: a small file that says so, believed only while its process lives.

The lock, not this file, keeps dispatchers apart; the file answers a page without touching the lock.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict
from pathlib import Path

from story_engine.store.atomic import write_bytes
from story_engine.store.layout import Layout
from story_engine.store.process_identity import ProcessIdentity, this_process

_UNREADABLE = (OSError, ValueError, KeyError, TypeError, RecursionError)


def dispatcher_state(layout: Layout) -> str:
    """The dispatcher of the workspace: "running", "starting" or "stopped". Costs well under a millisecond."""
    try:
        stored = json.loads(_path(layout).read_bytes())
        return str(stored["state"]) if ProcessIdentity.read(stored).is_living else "stopped"
    except _UNREADABLE:  # none yet, or torn by hand: the lock decides in the end
        return "stopped"


def has_announced(layout: Layout, pid: int) -> bool:
    """Whether the last one to say that it is the dispatcher was this process, alive or not."""
    try:
        return bool(json.loads(_path(layout).read_bytes())["pid"] == pid)
    except _UNREADABLE:
        return False


def announce(layout: Layout, state: str) -> None:
    """Say that this process is the dispatcher, to be called under the lock.

    Raises:
        Wait: the disk is full or cannot be written.
    """
    write_bytes(_path(layout), json.dumps(asdict(this_process()) | {"state": state}).encode())


def withdraw(layout: Layout) -> None:
    """Say that there is no dispatcher any more, to be called under the lock."""
    with contextlib.suppress(OSError):
        _path(layout).unlink(missing_ok=True)


def _path(layout: Layout) -> Path:
    return layout.dispatcher_lock.with_suffix(".json")
