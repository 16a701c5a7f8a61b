"""LoRA files, opened in a process of their own: one that harms it is refused by name.

The process stays for some seconds, because its first answer costs the loading of torch and somebody who looks at one
LoRA often looks at the next.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from story_engine.config import PROJECT_FOLDER
from story_engine.domain.lora import LoraReport, Repaired
from story_engine.errors import FixInput, Wait
from story_engine.jobs.wire import Message, decoded, encoded
from story_engine.store.layout import Layout

PATIENCE_SECONDS = 180.0
"""For one file. Torch alone takes ten seconds to come on a busy machine; 1 GB is examined in twenty."""
REAPED_SECONDS = 5.0
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoraReader:
    """Everything that needs a LoRA's tensors. A first call takes seconds."""

    layout: Layout
    patience_seconds: float = PATIENCE_SECONDS

    def examine(self, path: Path, *, alpha: float | None = None) -> LoraReport:
        """What the doctor says of a file.

        Raises:
            FixInput: looking at it took too long, or ended the process.
        """
        return LoraReport.model_validate(self._ask(path, do="examine", alpha=alpha)["report"])

    def take_in(self, path: Path, *, into: Path, alpha: float | None = None) -> LoraReport:
        """Copy a LoRA to the safetensors file `into`, which then says its alpha; what the doctor says of it.

        Raises:
            FixInput: it cannot be read, was made for another base, or leaves its alpha open.
        """
        return LoraReport.model_validate(self._ask(path, do="take_in", into=str(into), alpha=alpha)["report"])

    def repair(self, path: Path, what: str, *, into: Path, alpha: float | None = None) -> Repaired:
        """Write a mended file to `into`; what the doctor says of both.

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
            FixInput: the file cannot be used as it is.
        """
        self._ask(path, do="convert", dialect=dialect, into=str(into), metadata=dict(metadata))

    def _ask(self, path: Path, **request: object) -> Message:
        places = {"workspace": str(self.layout.workspace), "stories": str(self.layout.stories)}
        answer = _CHILD.ask({"path": str(path)} | places | request, patience_seconds=self.patience_seconds)
        if "refused" in answer:
            kind = Wait if answer["refused"].startswith("files.") else FixInput
            raise kind(answer["refused"], **answer["values"])
        return answer


@dataclass(slots=True)
class _Child:
    """The one process of this one; started when it is needed, gone by itself soon after."""

    process: subprocess.Popen[bytes] | None = None
    answers: queue.Queue[Message | None] = field(default_factory=queue.Queue)
    turn: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, request: Message, *, patience_seconds: float) -> Message:
        """Its answer to one request; requests wait for each other.

        Raises:
            FixInput: it took too long, or the process ended over it.
        """
        file = Path(request["path"]).name
        with self.turn:
            was_there = self.process is not None
            answer = self._answer(request, patience_seconds, file)
            if answer is None and was_there:  # it may just have gone by itself
                answer = self._answer(request, patience_seconds, file)
        if answer is None:
            raise FixInput("loras.killed", file=file)
        return answer

    def _answer(self, request: Message, patience_seconds: float, file: str) -> Message | None:
        process = self._running()
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
            code = self._end()
            _LOG.info("the process that looked at %s ended with %s", file, code)
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if self.process is None or self.process.poll() is not None:
            self._end()
            self.answers = queue.Queue()
            self.process = subprocess.Popen(
                [sys.executable, "-m", "story_engine.jobs.work.lora_child"],
                cwd=PROJECT_FOLDER,
                env=os.environ | _ONE_THREAD,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
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


def _listen(process: subprocess.Popen[bytes], answers: queue.Queue[Message | None]) -> None:
    if process.stdout is not None:
        with contextlib.suppress(ValueError, OSError):  # closed under it
            for message in decoded(process.stdout):
                answers.put(message)
    answers.put(None)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(REAPED_SECONDS)  # one that went by itself must not stay as a zombie
