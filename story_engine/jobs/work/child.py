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
from dataclasses import asdict, dataclass, field
from pathlib import Path

from story_engine.domain.job import Progress
from story_engine.errors import Cancelled, StudioError
from story_engine.jobs.kinds import STANDARD, WARM_UP, named
from story_engine.jobs.wire import Message, Voice, decoded
from story_engine.store.layout import Layout

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Order:
    """A job on its way through the child."""

    job: int
    attempt: int
    kind: str
    spec: dict[str, object]
    stop: threading.Event = field(default_factory=threading.Event)
    has_begun: bool = False


class Child:
    """Takes orders from standard input and does them one after the other."""

    def __init__(self, layout: Layout, mapping: dict[str, str], *, idle_seconds: float) -> None:
        self._layout = layout
        self._mapping = mapping
        self._idle_seconds = idle_seconds
        self._voice = Voice()
        self._orders: queue.Queue[_Order] = queue.Queue()
        self._open: dict[tuple[int, int], _Order] = {}
        self._lock = threading.Lock()
        self._is_leaving = False

    def serve(self) -> None:
        """Work until nothing has come for the idle time."""
        threading.Thread(target=self._listen, name="orders", daemon=True).start()
        self._warm_up()
        while not self._is_leaving:
            try:
                order = self._orders.get(timeout=self._idle_seconds)
            except queue.Empty:
                with self._lock:
                    self._is_leaving = not self._open
                continue
            with self._lock:
                if order.stop.is_set():
                    continue  # answered when the wish came
                order.has_begun = True
            self._do(order)

    def _listen(self) -> None:
        for message in decoded(sys.stdin.buffer):
            if message["type"] == "run":
                self._accept(message)
            elif message["type"] == "cancel":
                self._stop(message)
        end_group()

    def _accept(self, message: Message) -> None:
        order = _Order(message["job"], message["attempt"], message["kind"], message["spec"])
        with self._lock:
            if self._is_leaving:
                return  # never accepted: the agent gives the job to a fresh child
            self._open[order.job, order.attempt] = order
            self._say(order, type="accepted")
            self._orders.put(order)

    def _stop(self, message: Message) -> None:
        with self._lock:
            order = self._open.get((message["job"], message["attempt"]))
            if order is None:
                return
            order.stop.set()
            # Nothing has been done for it yet: there is no step to wait for, only a model that is being loaded.
            if not order.has_begun:
                self._close(order, outcome="cancelled", code="jobs.cancelled", values={})

    def _warm_up(self) -> None:
        if WARM_UP not in self._mapping:
            return
        try:
            named(self._mapping[WARM_UP])(self._layout)
        except Exception:
            # The first job that needs what is missing says so in words of its own.
            _LOG.exception("warming up failed")

    def _do(self, order: _Order) -> None:
        try:
            outcome = self._outcome(order)
        except Cancelled:
            outcome = {"outcome": "cancelled", "code": "jobs.cancelled", "values": {}}
        except StudioError as error:
            _LOG.info("job %d cannot be done: %s", order.job, error)
            outcome = {"outcome": "failed", "code": error.code, "values": error.values}
        except Exception as error:
            outcome = _unexpected(order, error)
        with self._lock:
            self._close(order, **outcome)
            self._is_leaving = outcome.get("code") == "jobs.out_of_memory"

    def _outcome(self, order: _Order) -> dict[str, object]:
        if order.kind not in self._mapping or order.kind == WARM_UP:
            return {"outcome": "failed", "code": "jobs.unknown_kind", "values": {"kind": order.kind}}

        def report(progress: Progress) -> None:
            self._say(order, type="progress", progress=asdict(progress))

        work = named(self._mapping[order.kind])
        spec = order.spec | {"job": order.job}
        result = work(spec, report=report, should_stop=order.stop.is_set, layout=self._layout)
        return {"outcome": "done", "result": result}

    def _close(self, order: _Order, **outcome: object) -> None:
        del self._open[order.job, order.attempt]
        self._say(order, type="outcome", **outcome)

    def _say(self, order: _Order, **message: object) -> None:
        try:
            self._voice.say(job=order.job, attempt=order.attempt, **message)
        except BrokenPipeError:
            end_group()


def end_group() -> None:
    """End this process, and what it started, at once."""
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(0)


def _unexpected(order: _Order, error: Exception) -> dict[str, object]:
    log_id = secrets.token_hex(4)
    _LOG.exception("job %d failed [%s]", order.job, log_id)
    # torch names its own class so, and is not imported here.
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        device = "GPU" if os.environ.get("CUDA_VISIBLE_DEVICES") else "CPU"
        return {"outcome": "failed", "code": "jobs.out_of_memory", "values": {"device": device}, "log_id": log_id}
    values = {"kind": type(error).__name__, "log_id": log_id}
    return {"outcome": "failed", "code": "jobs.unexpected", "values": values, "log_id": log_id}


def main() -> None:
    """Entry point; the arguments are the agent's business."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--stories", type=Path, required=True)
    parser.add_argument("--work", default=STANDARD, help="module:mapping of kind to module:function")
    parser.add_argument("--idle-seconds", type=float, default=300.0)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # Ctrl-C in the terminal that started the Studio is not meant for the child; the agent ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    layout = Layout(given.workspace, given.stories)
    Child(layout, named(given.work), idle_seconds=given.idle_seconds).serve()
    logging.shutdown()
    os._exit(0)  # the thread that listens holds the standard input, which Python's own end would wait for and abort


if __name__ == "__main__":
    main()
