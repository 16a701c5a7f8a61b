"""Pictures from outside, decoded in a process of their own: one that kills it is refused by name, the rest go on."""

from __future__ import annotations

import contextlib
import os
import queue
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from story_engine.config import PROJECT_FOLDER
from story_engine.errors import Cancelled, FixInput, LookAtLog, Wait
from story_engine.jobs.wire import Message, decoded, encoded

PATIENCE_SECONDS = 60.0
"""For one picture. 40 megapixels take two seconds on an idle machine."""
TRIES = 2
"""For a picture whose reader was killed from outside, by a person or for want of memory: it may be innocent."""
KILLED_FROM_OUTSIDE = frozenset({-int(number) for number in (signal.SIGTERM, signal.SIGINT, 9, 1)})
"""Exit codes: asked to end, Ctrl+C, SIGKILL, SIGHUP. A crash has another one."""
_STOP_SECONDS = 1.0
_STARTING_SECONDS = 120.0
_STARTS = 5
"""Before a process that is killed again and again as it starts is given up."""
_ENDING_SECONDS = 5.0
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What the process found, and the files it wrote."""

    image: Path
    thumbnail: Path
    ending: str
    width: int
    height: int
    sha256: str
    original_sha256: str
    perceptual_hash: str
    changed: tuple[str, ...]
    notes: tuple[str, ...]


class PictureReader:
    """Starts the process with the first picture; to be used in one thread, as a context.

    Args:
        patience_seconds: for one picture.
        should_stop: asked while a picture is read.
    """

    def __init__(
        self, *, patience_seconds: float = PATIENCE_SECONDS, should_stop: Callable[[], bool] = lambda: False
    ) -> None:
        self._patience = patience_seconds
        self._should_stop = should_stop
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: queue.Queue[Message | None] = queue.Queue()

    def __enter__(self) -> PictureReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, source: Path, *, name: str, into: Path) -> Decoded:
        """Decode the file `source` into files in the folder `into`.

        Args:
            source: an ordinary file.
            name: what people call it.
            into: an existing folder.

        Raises:
            FixInput: refused, with the reason.
            Wait: the disk is full, or cannot be written.
            Cancelled: `should_stop` answered yes meanwhile.
        """
        request = {"source": str(source), "name": name, "into": str(into), "token": secrets.token_hex(8)}
        for _ in range(TRIES):
            answer = self._ask(request)
            if answer is not None:
                break
            if self._ended_with() not in KILLED_FROM_OUTSIDE:
                raise FixInput("dataset.picture_killed", name=name)
        else:
            raise FixInput("dataset.picture_killed", name=name)
        if "refused" in answer:
            raise (FixInput if answer["is_picture"] else Wait)(answer["refused"], **answer["values"])
        files = {"image": Path(answer["image"]), "thumbnail": Path(answer["thumbnail"])}
        lists = {key: tuple(answer[key]) for key in ("changed", "notes")}
        return Decoded(**(answer | files | lists))

    def _ask(self, request: Message) -> Message | None:
        """Its answer; None when the process ended over it.

        Raises:
            FixInput: it took too long.
            Cancelled: somebody asked to stop meanwhile.
        """
        process = self._running()
        began = time.monotonic()
        try:
            if process.stdin is not None:
                process.stdin.write(encoded(request))
                process.stdin.flush()
        except OSError:
            return None
        while (left := began + self._patience - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                return self._answers.get(timeout=min(left, _STOP_SECONDS))
            # An ordinary picture is done by now, so that stopping in the middle of one is rare.
            if self._should_stop():
                self.close()
                raise Cancelled("dataset.import_cancelled")
        self.close()
        raise FixInput("dataset.picture_slow", name=request["name"], seconds=round(self._patience))

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(OSError):
                process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()

    def _ended_with(self) -> int | None:
        """The exit code of the process, which has stopped answering by itself."""
        code = None
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self._process.wait(timeout=_ENDING_SECONDS)
        self.close()
        return code

    def _running(self) -> subprocess.Popen[bytes]:
        """The process, started where there is none.

        Raises:
            LookAtLog: it does not start, which is nothing that a picture did.
        """
        if self._process is not None and self._process.poll() is None:
            return self._process
        for _ in range(_STARTS):
            process = self._start()
            with contextlib.suppress(queue.Empty):
                if self._answers.get(timeout=_STARTING_SECONDS) is not None:
                    return process
            if (code := self._ended_with()) not in KILLED_FROM_OUTSIDE:
                break
        raise LookAtLog("dataset.import_not_started", reason=f"exit code {code}", log="import.log")

    def _start(self) -> subprocess.Popen[bytes]:
        self.close()
        self._answers = queue.Queue()
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "story_engine.jobs.imports.picture_child"],
                cwd=PROJECT_FOLDER,
                env=os.environ | _ONE_THREAD,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=None,  # into the log of the import
            )
        except OSError as error:
            raise LookAtLog("dataset.import_not_started", reason=str(error), log="import.log") from error
        self._process = process
        threading.Thread(target=_listen, args=(process, self._answers), daemon=True).start()
        return process


def _listen(process: subprocess.Popen[bytes], answers: queue.Queue[Message | None]) -> None:
    if process.stdout is not None:
        with contextlib.suppress(ValueError, OSError):  # closed under it
            for message in decoded(process.stdout):
                answers.put(message)
    answers.put(None)
