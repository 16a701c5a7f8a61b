"""One call of modelscope's download, followed: bytes that arrive, and a stop that keeps them."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from story_engine.catalog.hub import token_of_environment
from story_engine.errors import Cancelled

_LOG = logging.getLogger(__name__)
_REPORT_SECONDS = 0.5
_WORKERS = 2
_TOTAL_TIMEOUT_SECONDS = 24 * 3600
"""Per file; modelscope's own hour is too short for 5 GB on a slow line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadProgress:
    """How far a download is."""

    file: str
    """The file that moved last."""
    received_bytes: int
    """Of all files of the download, what an earlier one brought included."""
    total_bytes: int


Report = Callable[[DownloadProgress], None]


class _Stop(BaseException):
    """Ends modelscope's transfer at the next block; as an Exception it would be taken for a failure and tried again."""


class Transfer:
    """One call, in a thread of its own so that the caller can report and stop.

    Args:
        repository: on the hub.
        folder: where the files go, under their names.
        names: of the files.
        endpoint: of the hub; None for modelscope's own choice.
        sizes: bytes by name, as far as they are known.
    """

    def __init__(
        self,
        repository: str,
        folder: Path,
        names: Sequence[str],
        *,
        endpoint: str | None,
        sizes: Mapping[str, int],
    ) -> None:
        self.failure: Exception | None = None
        self._stop = threading.Event()
        self._repository, self._folder, self._names, self._endpoint = repository, folder, list(names), endpoint
        self._lock = threading.Lock()
        self._received: dict[str, int] = {}
        self._sizes = dict(sizes)
        self._last = ""

    def follow(self, report: Report, should_stop: Callable[[], bool]) -> None:
        """Download; ends with `failure` set when it failed.

        Raises:
            Cancelled: `should_stop` said so; what has arrived stays.
        """
        thread = threading.Thread(target=self._run, name="download", daemon=True)
        thread.start()
        while thread.is_alive():
            thread.join(_REPORT_SECONDS)
            if should_stop():
                self._stop.set()
            report(self._progress())
        if self._stop.is_set():
            raise Cancelled("models.cancelled_download")

    def _run(self) -> None:
        os.environ.setdefault("MODELSCOPE_DOWNLOAD_TOTAL_TIMEOUT", str(_TOTAL_TIMEOUT_SECONDS))
        from modelscope import snapshot_download  # here: it takes a second, and only downloads need it

        try:
            snapshot_download(
                self._repository,
                local_dir=str(self._folder),
                allow_patterns=self._names,
                max_workers=_WORKERS,
                progress_callbacks=[self._callback()],
                endpoint=self._endpoint,
                token=token_of_environment(),  # blank is none: what a login of another program left is not used
            )
        except _Stop:
            _LOG.info("download of %s stopped", self._repository)
        except Exception as error:
            self.failure = error

    def _progress(self) -> DownloadProgress:
        with self._lock:
            return DownloadProgress(
                file=self._last, received_bytes=sum(self._received.values()), total_bytes=sum(self._sizes.values())
            )

    def _callback(self) -> type:
        from modelscope.hub.callback import ProgressCallback

        transfer = self

        class Callback(ProgressCallback):  # type: ignore[misc]  # modelscope has no types
            """modelscope builds one per file."""

            def __init__(self, filename: str, file_size: int) -> None:
                super().__init__(filename, file_size)
                transfer._begin(filename, file_size)

            def update(self, size: int) -> None:
                transfer._advance(self.filename, size)

        return Callback

    def _begin(self, name: str, size: int) -> None:
        with self._lock:
            self._received[name] = 0
            self._sizes[name] = size or self._sizes.get(name, 0)
            self._last = name

    def _advance(self, name: str, size: int) -> None:
        if self._stop.is_set():
            raise _Stop
        with self._lock:
            self._received[name] += size
            self._last = name


def failures_of(failure: Exception) -> Mapping[str, BaseException]:
    """File → what went wrong with it; empty where it was not one file's fault."""
    failed: dict[str, BaseException] = getattr(failure, "failed_files", {})
    return failed
