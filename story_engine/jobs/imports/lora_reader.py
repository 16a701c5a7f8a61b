"""LoRA files, opened in a process of their own: one that harms it is refused by name.

The process stays for some seconds, because its first answer costs the loading of torch and somebody who inspects one
LoRA often inspects the next.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from story_engine.config import PROJECT_FOLDER
from story_engine.domain.lora import LoraReport, Repaired
from story_engine.errors import FixInput, Wait
from story_engine.jobs.wire import Message, decoded, encoded
from story_engine.store.layout import Layout

PATIENCE_SECONDS = 180.0
"""For one file. Torch alone takes ten seconds to come on a busy machine; 1 GB is examined in twenty."""
REAPED_SECONDS = 5.0
LOG_NAME = "lora-reader.log"
LARGEST_LOG_BYTES = 2_000_000
"""A longer log is begun anew."""
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoraReader:
    """Everything that needs a LoRA's tensors. A first call takes seconds."""

    layout: Layout
    patience_seconds: float = PATIENCE_SECONDS

    def examine(self, path: Path, *, alpha: float | None = None) -> LoraReport:
        """What the doctor finds in a file.

        Raises:
            FixInput: inspecting it took too long, or ended the process.
        """
        return LoraReport.model_validate(self._ask(path, do="examine", alpha=alpha)["report"])

    def take_in(self, path: Path, *, into: Path, alpha: float | None = None) -> LoraReport:
        """Copy a LoRA to the safetensors file `into`, which then says its alphas; what the doctor finds in it.

        Raises:
            FixInput: it cannot be read, was made for another base, or leaves its alpha open.
        """
        return LoraReport.model_validate(self._ask(path, do="take_in", into=str(into), alpha=alpha)["report"])

    def repair(self, path: Path, what: str, *, into: Path, alpha: float | None = None) -> Repaired:
        """Write a mended file to `into`; what the doctor finds in both.

        Raises:
            FixInput: the file cannot be read, nothing of it would be left, or its alpha is needed.
        """
        answer = self._ask(path, do="repair", what=what, into=str(into), alpha=alpha)
        return Repaired(
            what=what,
            before=LoraReport.model_validate(answer["before"]),
            after=LoraReport.model_validate(answer["after"]),
        )

    def convert(self, path: Path, dialect: str, *, into: Path, metadata: Mapping[str, str]) -> None:
        """Write the LoRA to `into` in a dialect, with `metadata` over the file's own.

        Raises:
            FixInput: the file cannot be used as it is, or the dialect would lose a part of it.
        """
        self._ask(path, do="convert", dialect=dialect, into=str(into), metadata=dict(metadata))

    def _ask(self, path: Path, **request: object) -> Message:
        places = {"workspace": str(self.layout.workspace), "stories": str(self.layout.stories)}
        log = self.layout.logs / LOG_NAME
        places |= {"path": str(path), "log": str(log)}
        answer = _CHILD.ask(places | request, patience_seconds=self.patience_seconds, log=log)
        if "refused" in answer:
            code, values = answer["refused"], answer["values"]
            if code == "loras.failed":
                values |= {"log": str(log)}
            raise (Wait if code.startswith("files.") else FixInput)(code, **values)
        return answer


@dataclass(slots=True)
class _Child:
    """The one process of this one; started when it is needed, gone by itself soon after."""

    process: subprocess.Popen[bytes] | None = None
    answers: queue.Queue[Message | None] = field(default_factory=queue.Queue)
    turn: threading.Lock = field(default_factory=threading.Lock)
    code: int | None = None
    """With which the last one ended."""

    def ask(self, request: Message, *, patience_seconds: float, log: Path) -> Message:
        """Its answer to one request; requests wait for each other.

        Args:
            request: one line for it; it names the log too, for a process that wrote into another workspace's.
            patience_seconds: how long it may take.
            log: where its standard error goes.

        Raises:
            FixInput: it took too long, or the process ended over it.
        """
        file = Path(request["path"]).name
        with self.turn:
            was_there = self.process is not None
            answer = self._answer(request, patience_seconds, file, log)
            if answer is None and was_there:  # it may just have gone by itself
                answer = self._answer(request, patience_seconds, file, log)
            if answer is None:
                raise FixInput("loras.killed", file=file, ending=_ending(self.code), log=log)
        return answer

    def _answer(self, request: Message, patience_seconds: float, file: str, log: Path) -> Message | None:
        process = self._running(log)
        answer: Message | None = None
        try:
            if process.stdin is not None:
                process.stdin.write(encoded(request))
                process.stdin.flush()
            answer = self.answers.get(timeout=patience_seconds)
        except queue.Empty as error:
            self._end()
            raise FixInput("loras.slow", file=file, seconds=round(patience_seconds)) from error
        except OSError:
            pass
        if answer is None:
            self.code = self._end()
            _LOG.info("the process that inspected %s ended with %s; its last words: %s", file, self.code, log)
        return answer

    def _running(self, log: Path) -> subprocess.Popen[bytes]:
        if self.process is None or self.process.poll() is not None:
            self._end()
            self.answers = queue.Queue()
            with _opened(log) as stderr:
                self.process = subprocess.Popen(
                    [sys.executable, "-m", "story_engine.jobs.work.lora_child"],
                    cwd=PROJECT_FOLDER,
                    env=os.environ | _ONE_THREAD,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=stderr,
                )
            threading.Thread(target=_listen, args=(self.process, self.answers), daemon=True).start()
        return self.process

    def _end(self) -> int | None:
        process, self.process = self.process, None
        if process is None:
            return None
        with contextlib.suppress(OSError):
            process.kill()
        code = process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        return code


_CHILD = _Child()


@contextlib.contextmanager
def _opened(log: Path) -> Iterator[IO[bytes] | int]:
    """The log for what the process prints; a workspace that cannot be written must not keep LoRAs from being read."""
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        is_long = log.exists() and log.stat().st_size > LARGEST_LOG_BYTES
        file = log.open("wb" if is_long else "ab")
    except OSError:
        yield subprocess.DEVNULL
        return
    with file:
        yield file


def _ending(code: int | None) -> str:
    """How a process ended, in a word: "SIGKILL", "exit 1"."""
    if code is None or code >= 0:
        return f"exit {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def _listen(process: subprocess.Popen[bytes], answers: queue.Queue[Message | None]) -> None:
    if process.stdout is not None:
        with contextlib.suppress(ValueError, OSError):  # closed under it
            for message in decoded(process.stdout):
                answers.put(message)
    answers.put(None)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(REAPED_SECONDS)  # one that went by itself must not stay as a zombie
