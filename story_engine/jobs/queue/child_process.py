"""A child as its agent sees it: started, spoken to, ended with everything that it started."""

from __future__ import annotations

import contextlib
import enum
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from story_engine.config import PROJECT_FOLDER
from story_engine.jobs.orders import FromChild, ToChild, encoded, from_child
from story_engine.store.folders import make_folder

_LARGEST_LOG_BYTES = 2_000_000
_LEAVING_SECONDS = 10.0
"""How long a child that has nothing more to say may take to end: torch lets go of a device slowly."""
_DEATH_SECONDS = 5.0
"""A killed process is gone in milliseconds; one in an uninterruptible read of a broken disk may take longer."""


class Signal(enum.Enum):
    """What `receive` gives beside the child's own messages."""

    ENDED = enum.auto()
    """The process is gone."""
    WAKE = enum.auto()
    """Nothing: there is something else to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildCommand:
    """How children are started."""

    workspace: Path
    stories: Path
    work: str
    """`module:mapping`, see jobs/kinds.py."""
    idle_seconds: float
    models_of: Path | None = None
    """Workspace whose models it uses; None for its own."""

    def arguments(self) -> list[str]:
        """The command line."""
        module = [sys.executable, "-m", "story_engine.jobs.work.child"]
        places = ["--workspace", str(self.workspace), "--stories", str(self.stories)]
        host = [] if self.models_of is None else ["--models-of", str(self.models_of)]
        return [*module, *places, *host, "--work", self.work, "--idle-seconds", str(self.idle_seconds)]


class ChildProcess:
    """One running child."""

    def __init__(self, command: ChildCommand, *, environment: Mapping[str, str], log: Path) -> None:
        """Start it.

        Raises:
            OSError: it could not be started.
        """
        make_folder(log.parent)
        if log.exists() and log.stat().st_size > _LARGEST_LOG_BYTES:
            log.replace(log.with_suffix(".1.log"))
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command.arguments(),
                cwd=PROJECT_FOLDER,
                env=os.environ | dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                start_new_session=os.name != "nt",
            )
        self._messages: queue.Queue[FromChild | Signal] = queue.Queue()
        self._orders: queue.Queue[ToChild | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, name=f"child-{self._process.pid}", daemon=True)
        writer = threading.Thread(target=self._write, name=f"to-child-{self._process.pid}", daemon=True)
        try:
            writer.start()
            self._reader.start()
        except RuntimeError:  # no more threads: nobody would hear of it
            self._kill_group()
            raise

    @property
    def pid(self) -> int:
        """Its process number, which is its group's too."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def send(self, message: ToChild) -> None:
        """Send it something; returns at once, whether or not the child reads. A dead one is found out by `ENDED`."""
        self._orders.put(message)

    def wake(self) -> None:
        """Make a `receive` that waits return."""
        self._messages.put(Signal.WAKE)

    def receive(self, timeout_seconds: float) -> FromChild | Signal | None:
        """The next message; None when none came in time, `ENDED` when the process is gone."""
        try:
            return self._messages.get(timeout=max(0.0, timeout_seconds))
        except queue.Empty:
            return None

    def kill(self) -> None:
        """End it and its whole group now."""
        self._kill_group()
        self._reader.join(_DEATH_SECONDS)

    def ending(self) -> str:
        """How it ended, for a person: a signal's name or an exit code."""
        code = self._process.poll()
        if code is not None and code < 0:
            return f"signal {-code}, {signal.Signals(-code).name}"
        return f"exit code {code}"

    def _read(self) -> None:
        stream = self._process.stdout
        if stream is not None:
            for message in from_child(stream):
                self._messages.put(message)
        # One that lives on without a word, or with words that nobody reads, would keep its job for ever.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_LEAVING_SECONDS)
        # What it started goes with it: a grandchild would keep the GPU's memory.
        self._kill_group()
        self._process.wait()
        self._orders.put(None)
        self._messages.put(Signal.ENDED)

    def _write(self) -> None:
        """A thread of its own: a pipe that a halted child does not read takes 64 KiB, then it blocks whoever writes."""
        pipe = self._process.stdin
        if pipe is None:
            return
        while (message := self._orders.get()) is not None:
            with contextlib.suppress(OSError, ValueError):
                pipe.write(encoded(message))
                pipe.flush()
        with contextlib.suppress(OSError, ValueError):
            pipe.close()

    def _kill_group(self) -> None:
        if os.name == "nt":
            subprocess.run(["taskkill", "/F", "/T", "/PID", str(self.pid)], capture_output=True, check=False)
        else:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: a zombie's group is forbidden
                os.killpg(self.pid, signal.SIGKILL)
