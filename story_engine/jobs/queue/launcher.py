"""Start the dispatcher of a workspace as a process of its own, which outlives whoever started it.

Pages call this: it spawns nothing by multiprocessing (a spawned child of Streamlit would run the page again).
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from story_engine.config import PROJECT_FOLDER, Config
from story_engine.errors import LookAtLog
from story_engine.jobs.queue.bell import ring
from story_engine.jobs.queue.presence import dispatcher_state, has_announced
from story_engine.jobs.queue.starts import START_LOG, STARTING_SECONDS, must_wait, start_begins, start_trouble
from story_engine.store.atomic import cannot_write
from story_engine.store.folders import make_folder
from story_engine.store.layout import Layout
from story_engine.store.members import layout_at, serving_layout

__all__ = ["dispatcher_state", "start_dispatcher", "start_trouble"]

_LARGEST_START_LOG_BYTES = 1_000_000
_DETACHED_ON_WINDOWS = 0x00000008 | 0x00000200
"""DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP"""
_LOG = logging.getLogger(__name__)
_started: dict[Path, tuple[subprocess.Popen[bytes], float]] = {}
_lock = threading.Lock()


def start_dispatcher(config: Config) -> None:
    """Make sure that a dispatcher serves the workspace. Returns at once; harmless however often it is called.

    One that does not come up is tried again after longer and longer pauses; `start_trouble` says why.

    Raises:
        LookAtLog: the process could not be started.
    """
    with _lock:
        own = layout_at(config.workspace, config.stories)
        layout = serving_layout(own)
        if layout is not own:
            try:
                ring(layout, own.workspace)
            except OSError as error:
                raise cannot_write(layout.workspace, error) from error
        if dispatcher_state(layout) != "stopped":
            return
        earlier = _started.get(layout.workspace)
        if earlier is not None:
            process, since = earlier
            is_young = process.poll() is None and time.monotonic() - since < STARTING_SECONDS
            # One that has announced itself and is stopped now was killed: its threads may still be ending.
            is_starting = is_young and not has_announced(layout, process.pid)
            if is_starting:
                return
        if must_wait(layout):
            return
        _started[layout.workspace] = _start(config, layout), time.monotonic()


def dispatcher_command(config: Config) -> list[str]:
    """The command line of the dispatcher that serves the workspace."""
    own = layout_at(config.workspace, config.stories)
    layout = serving_layout(own)
    command = [sys.executable, "-m", "story_engine.jobs.queue.dispatcher", "--workspace", str(layout.workspace)]
    # The stories of one person are not those of the class.
    return [*command, "--stories", str(layout.stories)] if layout is own else command


def _start(config: Config, layout: Layout) -> subprocess.Popen[bytes]:
    log = layout.logs / START_LOG
    start_begins(layout)
    try:
        make_folder(layout.logs)
        is_large = log.exists() and log.stat().st_size > _LARGEST_START_LOG_BYTES
        # A file, never a pipe: a full pipe that nobody reads would stop the dispatcher for good.
        with log.open("wb" if is_large else "ab") as output:
            process = subprocess.Popen(
                dispatcher_command(config),
                cwd=PROJECT_FOLDER,
                env=os.environ | {"STORY_STUDIO_THREADS": str(config.threads), "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                creationflags=_DETACHED_ON_WINDOWS if os.name == "nt" else 0,
                start_new_session=os.name != "nt",
            )
    except OSError as error:
        raise LookAtLog("jobs.dispatcher_not_started", reason=str(error), log=log) from error
    _LOG.info("dispatcher of %s started as process %d", layout.workspace, process.pid)
    return process
