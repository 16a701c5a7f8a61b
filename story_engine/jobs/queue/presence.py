"""Which dispatcher serves a workspace: a small file that says so, believed only while its process lives.

The lock, not this file, keeps dispatchers apart; the file answers a page without touching the lock.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import psutil

from story_engine.store.atomic import write_bytes
from story_engine.store.layout import Layout

_SAME_PROCESS_SECONDS = 1.0
"""Start times of one process, asked twice, agree to within this; a reused process number does not."""


def dispatcher_state(layout: Layout) -> str:
    """The dispatcher of the workspace: "running", "starting" or "stopped". Costs well under a millisecond."""
    try:
        said = json.loads(_path(layout).read_bytes())
        return str(said["state"]) if _lives(int(said["pid"]), float(said["started"])) else "stopped"
    except (OSError, ValueError, KeyError, TypeError):  # none yet, or torn by hand: the lock decides in the end
        return "stopped"


def has_announced(layout: Layout, pid: int) -> bool:
    """Whether the last one to say that it is the dispatcher was this process, alive or not."""
    try:
        return bool(json.loads(_path(layout).read_bytes())["pid"] == pid)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def announce(layout: Layout, state: str) -> None:
    """Say that this process is the dispatcher, to be called under the lock.

    Raises:
        Wait: the disk is full or cannot be written.
    """
    process = psutil.Process()
    said = {"pid": process.pid, "started": process.create_time(), "state": state}
    write_bytes(_path(layout), json.dumps(said).encode())


def withdraw(layout: Layout) -> None:
    """Say that there is no dispatcher any more, to be called under the lock."""
    with contextlib.suppress(OSError):
        _path(layout).unlink(missing_ok=True)


def _path(layout: Layout) -> Path:
    return layout.dispatcher_lock.with_suffix(".json")


def _lives(pid: int, started: float) -> bool:
    try:
        process = psutil.Process(pid)
        # A killed dispatcher stays as a zombie until the page process that started it looks.
        is_zombie = process.status() == psutil.STATUS_ZOMBIE
        return not is_zombie and abs(process.create_time() - started) < _SAME_PROCESS_SECONDS
    except psutil.Error:
        return False
