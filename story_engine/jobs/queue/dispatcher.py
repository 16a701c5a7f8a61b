"""The dispatcher: `python -m story_engine.jobs.queue.dispatcher --workspace DIR`, one per workspace or class.

It outlives the page that started it, and leaves when nothing has come for ten minutes.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import time
from dataclasses import replace
from functools import partial
from logging.handlers import RotatingFileHandler
from pathlib import Path

from filelock import FileLock, Timeout

from story_engine.catalog.devices import gpu_names
from story_engine.config import Config, read_config
from story_engine.errors import FixInput, StudioError
from story_engine.jobs.kinds import STANDARD, named
from story_engine.jobs.queue.agent import AgentSettings, visible_devices
from story_engine.jobs.queue.bell import BELL
from story_engine.jobs.queue.child_process import ChildCommand
from story_engine.jobs.queue.class_ledger import ClassLedger
from story_engine.jobs.queue.cluster_notice import write_notice
from story_engine.jobs.queue.dispatching import Dispatcher, DispatcherSettings
from story_engine.jobs.queue.ledger_prune import retention_of
from story_engine.jobs.queue.presence import announce, dispatcher_state, withdraw
from story_engine.jobs.queue.starts import start_failed, start_succeeded
from story_engine.store.folders import make_folder
from story_engine.store.layout import Layout
from story_engine.store.members import USERS
from story_engine.store.privacy import forbidden

ANOTHER_SERVES = 4
"""Exit code: another dispatcher serves the workspace."""
HANDOVER_SECONDS = 15.0
"""How long a new dispatcher waits for one that is leaving."""
_CLUSTER = "story_engine.jobs.cluster.placement:ClusterPlacement"
_LOG = logging.getLogger(__name__)


def main() -> None:
    """Entry point."""
    given = _arguments()
    config = read_config(given.workspace)
    layout = Layout(config.workspace, given.stories or config.stories)
    is_class = _is_class(config, layout)
    make_folder(layout.logs)
    os.umask(forbidden(layout.workspace))  # of everything that this process and its children write
    _log_to(layout.logs / "dispatcher.log")
    lock = FileLock(layout.dispatcher_lock)
    if not _acquired(lock, layout):
        _LOG.info("another dispatcher serves %s", layout.workspace)
        start_succeeded(layout)
        sys.exit(ANOTHER_SERVES)
    try:
        announce(layout, "starting")
        if is_class and config.scheduler:
            raise FixInput("members.no_cluster")
        settings = _settings(given, config, layout)
        if is_class:
            dispatcher = Dispatcher(layout, settings, lambda: ClassLedger(layout))
        else:
            dispatcher = Dispatcher(layout, replace(settings, is_outgrown=(layout.workspace / BELL).is_dir))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: dispatcher.stop())
        dispatcher.serve()
    except StudioError as error:
        _LOG.error("the dispatcher cannot serve %s: %s", layout.workspace, error)
        start_failed(layout, error)
        sys.exit(1)
    except Exception as error:
        _LOG.exception("the dispatcher broke")
        start_failed(layout, f"{type(error).__name__}: {error}")
        raise
    finally:
        withdraw(layout)
        lock.release()


def _is_class(config: Config, layout: Layout) -> bool:
    """Whether everybody has a list of their own below this workspace, or will."""
    return bool(config.user_header) or (layout.workspace / USERS).is_dir()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--stories", type=Path)
    parser.add_argument("--work", default=STANDARD, help="module:mapping of kind to module:function")
    parser.add_argument("--idle-seconds", type=float, default=600.0)
    parser.add_argument("--child-idle-seconds", type=float, default=300.0)
    parser.add_argument("--stall-seconds", type=float, default=120.0)
    parser.add_argument("--loading-stall-seconds", type=float, default=600.0)
    return parser.parse_args()


def _settings(given: argparse.Namespace, config: Config, layout: Layout) -> DispatcherSettings:
    child = ChildCommand(
        workspace=layout.workspace, stories=layout.stories, work=given.work, idle_seconds=given.child_idle_seconds
    )
    agent = AgentSettings(
        child=child,
        devices=visible_devices(len(gpu_names())),
        threads=config.threads,
        logs=layout.logs,
        stall_seconds=given.stall_seconds,
        loading_stall_seconds=given.loading_stall_seconds,
    )
    retention = retention_of(layout, jobs=config.jobs_kept, days=config.job_days_kept)
    settings = DispatcherSettings(agent=agent, idle_seconds=given.idle_seconds, retention=retention)
    if not config.scheduler:
        write_notice(layout, None)
        return settings
    # Only now: on one machine neither dask nor anything that imports it is ever loaded.
    places = named(_CLUSTER)
    return replace(settings, places=partial(places, config, layout))


def _acquired(lock: FileLock, layout: Layout) -> bool:
    """Take the lock, waiting for a dispatcher that is leaving, not for one that serves."""
    until = time.monotonic() + HANDOVER_SECONDS
    while time.monotonic() < until:
        try:
            lock.acquire(timeout=0.2)
        except Timeout:
            if dispatcher_state(layout) != "stopped":
                return False
        else:
            return True
    return False


def _log_to(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(path, maxBytes=2_000_000, backupCount=3, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


if __name__ == "__main__":
    main()
