"""The process that does the work: `python -m story_engine.jobs.work.child`, one per GPU, started by the agent.

It may crash, hang or run out of memory without taking anything else with it. Models stay loaded between jobs. When its
standard input ends, the agent is gone, and so is the child at once: no orphan holds a GPU.
"""

from __future__ import annotations

import argparse
import logging
import os
import queue
import secrets
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from story_engine.domain.job import Progress
from story_engine.domain.job_result import plain
from story_engine.domain.job_spec import read_spec
from story_engine.errors import Cancelled, MadeWay, OutOfMemory, StudioError
from story_engine.inference.device_lost import device_lost
from story_engine.jobs import orders
from story_engine.jobs.kinds import PAUSING, READ, STANDARD, WARM_UP, Work, named
from story_engine.jobs.wire import Voice
from story_engine.store.atomic import stop_syncing
from story_engine.store.layout import GuestLayout, Layout
from story_engine.store.members import layout_at

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Task:
    """An order on its way through the child."""

    order: orders.Order
    stop: threading.Event = field(default_factory=threading.Event)
    pause: threading.Event = field(default_factory=threading.Event)
    has_begun: bool = False


class Child:
    """Takes orders from standard input and does them one after the other."""

    def __init__(self, layout: Layout, mapping: dict[str, str], *, idle_seconds: float) -> None:
        self._layout = layout
        self._mapping = mapping
        self._idle_seconds = idle_seconds
        self._voice = Voice()
        self._tasks: queue.Queue[_Task] = queue.Queue()
        self._open: dict[tuple[int, int], _Task] = {}
        self._lock = threading.Lock()
        self._is_leaving = False

    def serve(self) -> None:
        """Work until nothing has come for the idle time."""
        threading.Thread(target=self._listen, name="orders", daemon=True).start()
        self._warm_up()
        while not self._is_leaving:
            try:
                task = self._tasks.get(timeout=self._idle_seconds)
            except queue.Empty:
                with self._lock:
                    self._is_leaving = not self._open
                continue
            with self._lock:
                if task.stop.is_set():
                    continue  # answered when it was asked to stop
                task.has_begun = True
            self._do(task)

    def _listen(self) -> None:
        for message in orders.to_child(sys.stdin.buffer):
            if isinstance(message, orders.Order):
                self._accept(message)
            elif isinstance(message, orders.Pause):
                self._pause(message)
            else:
                self._stop(message)
        end_group()

    def _accept(self, order: orders.Order) -> None:
        task = _Task(order)
        with self._lock:
            if self._is_leaving:
                return  # never accepted: the agent gives the job to a fresh child
            self._open[order.key] = task
            self._say(orders.Accepted(job=order.job, attempt=order.attempt))
            self._tasks.put(task)

    def _stop(self, cancel: orders.Cancel) -> None:
        with self._lock:
            task = self._open.get(cancel.key)
            if task is None:
                return
            task.stop.set()
            # Nothing has been done for it yet: there is no step to wait for, only a model that is being loaded.
            if not task.has_begun:
                self._close(orders.Cancelled(job=cancel.job, attempt=cancel.attempt))

    def _pause(self, pause: orders.Pause) -> None:
        with self._lock:
            task = self._open.get(pause.key)
            if task is not None:
                task.pause.set()

    def _warm_up(self) -> None:
        if WARM_UP not in self._mapping:
            return
        try:
            named(self._mapping[WARM_UP])(self._layout)
        except Exception:
            # The first job that needs what is missing says so in words of its own.
            _LOG.exception("warming up failed")

    def _do(self, task: _Task) -> None:
        job, attempt = task.order.key
        outcome: orders.Done | orders.Cancelled | orders.Failed | orders.DeviceLost | orders.Paused
        needs_room = False
        try:
            outcome = self._outcome(task)
        except MadeWay:
            outcome = orders.Paused(job=job, attempt=attempt)
        except Cancelled:
            outcome = orders.Cancelled(job=job, attempt=attempt)
        except OutOfMemory as error:
            _LOG.exception("job %d does not fit into memory", job)
            outcome, needs_room = _failed(task.order, error.code, error.values), True
        except StudioError as error:
            _LOG.info("job %d cannot be done: %s", job, error)
            outcome = _failed(task.order, error.code, error.values)
        except Exception as error:
            outcome = _unexpected(task.order, error)
        with self._lock:
            self._close(outcome)
            # A fresh process has nothing loaded.
            is_full = isinstance(outcome, orders.Failed) and outcome.code == "jobs.out_of_memory"
            self._is_leaving = needs_room or is_full or isinstance(outcome, orders.DeviceLost)

    def _outcome(self, task: _Task) -> orders.Done | orders.Failed:
        order = task.order
        if order.kind not in self._mapping or order.kind in (WARM_UP, READ):
            return _failed(order, "jobs.unknown_kind", {"kind": order.kind})
        read = named(self._mapping[READ]) if READ in self._mapping else read_spec

        def report(progress: Progress) -> None:
            self._say(orders.Progressed(job=order.job, attempt=order.attempt, progress=progress))

        work: Work = named(self._mapping[order.kind])
        spec, should_stop = read(order.spec), task.stop.is_set
        asked: dict[str, Any] = {"job": order.number or order.job, "report": report, "should_stop": should_stop}
        if order.workspace:
            asked["layout"] = layout_at(Path(order.workspace), Path(order.stories))
            if order.kind in PAUSING:
                asked["should_pause"] = task.pause.is_set
        result = work(spec, **{"layout": self._layout} | asked)
        return orders.Done(job=order.job, attempt=order.attempt, result=result)

    def _close(
        self, outcome: orders.Done | orders.Cancelled | orders.Failed | orders.DeviceLost | orders.Paused
    ) -> None:
        del self._open[outcome.key]
        self._say(outcome)

    def _say(self, message: orders.FromChild) -> None:
        try:
            self._voice.send(orders.encoded(message))
        except BrokenPipeError:
            end_group()


def end_group() -> None:
    """End this process, and what it started, at once."""
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(0)


def _failed(
    order: orders.Order, code: str, values: Mapping[str, object], *, log_id: str | None = None
) -> orders.Failed:
    return orders.Failed(job=order.job, attempt=order.attempt, code=code, values=plain(values), log_id=log_id)


def _unexpected(order: orders.Order, error: Exception) -> orders.Failed | orders.DeviceLost:
    log_id = secrets.token_hex(4)
    _LOG.exception("job %d failed [%s]", order.job, log_id)
    reason = device_lost(error)
    if reason is not None:
        return orders.DeviceLost(job=order.job, attempt=order.attempt, reason=reason, log_id=log_id)
    # torch names its own class so, and is not imported here.
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        device = "GPU" if os.environ.get("CUDA_VISIBLE_DEVICES") else "CPU"
        return _failed(order, "jobs.out_of_memory", {"device": device}, log_id=log_id)
    values = {"kind": type(error).__name__, "log_id": log_id}
    return _failed(order, "jobs.unexpected", values, log_id=log_id)


def main() -> None:
    """Entry point; the arguments are the agent's business."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--stories", type=Path, required=True)
    parser.add_argument("--models-of", type=Path, help="workspace whose models are used, beside its own")
    parser.add_argument("--work", default=STANDARD, help="module:mapping of kind to module:function")
    parser.add_argument("--idle-seconds", type=float, default=300.0)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # Ctrl-C in the terminal that started the Studio is not meant for the child; the agent ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    layout = layout_at(given.workspace, given.stories)
    if given.models_of is not None:
        stop_syncing()  # a guest's files are stored for good by whoever asked for them
        layout = GuestLayout(given.workspace, given.stories, Layout(given.models_of, given.stories))
    Child(layout, named(given.work), idle_seconds=given.idle_seconds).serve()
    logging.shutdown()
    os._exit(0)  # the thread that listens holds the standard input, which Python's own end would wait for and abort


if __name__ == "__main__":
    main()
