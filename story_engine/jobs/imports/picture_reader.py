"""Pictures from outside, decoded in a process of their own: one that kills it is refused by name, the rest go on."""

from __future__ import annotations

import contextlib
import os
import queue
import secrets
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from story_engine.config import PROJECT_FOLDER
from story_engine.errors import FixInput, StudioError
from story_engine.jobs.wire import Message, decoded, encoded

PATIENCE_SECONDS = 60.0
"""For one picture. 40 megapixels take two seconds on an idle machine."""
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
    likeness: str
    changed: tuple[str, ...]


class PictureReader:
    """Starts the process with the first picture; to be used in one thread, as a context."""

    def __init__(self, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._patience = patience_seconds
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
        """
        process = self._running()
        request = {"source": str(source), "name": name, "into": str(into), "token": secrets.token_hex(8)}
        try:
            if process.stdin is not None:
                process.stdin.write(encoded(request))
                process.stdin.flush()
            answer = self._answers.get(timeout=self._patience)
        except queue.Empty as error:
            self.close()
            raise FixInput("dataset.picture_slow", name=name, seconds=round(self._patience)) from error
        except OSError:
            answer = None
        if answer is None:
            self.close()
            raise FixInput("dataset.picture_killed", name=name)
        if "refused" in answer:
            raise _refusal(answer)
        files = {"image": Path(answer["image"]), "thumbnail": Path(answer["thumbnail"])}
        return Decoded(**(answer | files | {"changed": tuple(answer["changed"])}))

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

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._answers = queue.Queue()
            process = subprocess.Popen(
                [sys.executable, "-m", "story_engine.jobs.imports.picture_child"],
                cwd=PROJECT_FOLDER,
                env=os.environ | _ONE_THREAD,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            threading.Thread(target=_listen, args=(process, self._answers), daemon=True).start()
            self._process = process
        return self._process


def _listen(process: subprocess.Popen[bytes], answers: queue.Queue[Message | None]) -> None:
    if process.stdout is not None:
        with contextlib.suppress(ValueError, OSError):  # closed under it
            for message in decoded(process.stdout):
                answers.put(message)
    answers.put(None)


def _refusal(answer: Message) -> StudioError:
    return FixInput(answer["refused"], **answer["values"])
