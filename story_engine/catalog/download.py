"""Missing model files from ModelScope: resumed where a download broke off, checked by hash, stopped when asked."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from story_engine.catalog.published import PACKAGES, Repository, package_state, repository_files
from story_engine.catalog.weights_hash import kolors_hash
from story_engine.domain.views import ModelFile
from story_engine.errors import Cancelled, ChooseAnother, InstallOrDownload, StudioError, Wait
from story_engine.store.layout import Layout

_LOG = logging.getLogger(__name__)
_REPORT_SECONDS = 0.5
_WORKERS = 2
_SPARE_BYTES = 2**30
"""Left free on the disk beyond the files themselves."""
_TOTAL_TIMEOUT_SECONDS = 24 * 3600
"""Per file; modelscope's own hour is too short for 5 GB on a slow line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadProgress:
    """How far a download is."""

    file: str
    """The file that moved last."""
    received_bytes: int
    """Of all files of the download, those that were here before included."""
    total_bytes: int
    """Approximately, until the hub has told the sizes."""


Report = Callable[[DownloadProgress], None]


def download_family(
    name: str,
    layout: Layout,
    report: Report,
    should_stop: Callable[[], bool],
    *,
    endpoint: str | None = None,
) -> None:
    """Bring the missing files of "kolors" or "aesthetic" onto this machine.

    Args:
        name: a key of `published.PACKAGES`.
        layout: files go under `layout.models`, in the published folders.
        report: called about twice a second, in the caller's thread.
        should_stop: asked as often; what has arrived stays, and the next download goes on from there.
        endpoint: another hub than modelscope's own choice.

    Raises:
        ChooseAnother: nothing of that name can be downloaded.
        Wait: the disk has no room for it.
        InstallOrDownload: the hub cannot be reached, or does not have the files (any more).
        Cancelled: `should_stop` said so.
    """
    if name not in PACKAGES:
        raise ChooseAnother("models.unknown_download", name=name, listed=", ".join(PACKAGES))
    missing = [(repository, _missing(layout, repository)) for repository in PACKAGES[name]]
    _check_room(layout, sum(file.size_bytes for _, files in missing for file in files))
    for repository, files in missing:
        if files:
            _fetch(repository, layout, report, should_stop, endpoint=endpoint)
    state = package_state(layout, name)
    if not state.ready:
        absent = ", ".join(file.path for file in state.files if file.state != "present")
        raise InstallOrDownload("models.not_on_hub", listed=absent, source=state.source)
    if name == "kolors":
        kolors_hash(layout)  # once now, so that no page has to wait for it later
    _LOG.info("downloaded %s", name)


def _missing(layout: Layout, repository: Repository) -> list[ModelFile]:
    return [file for file in repository_files(layout, repository) if file.state != "present"]


def _check_room(layout: Layout, needed_bytes: int) -> None:
    layout.models.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(layout.models).free
    if needed_bytes and free < needed_bytes + _SPARE_BYTES:
        raise Wait(
            "models.disk_full",
            folder=str(layout.models),
            needed=f"{(needed_bytes + _SPARE_BYTES) / 1e9:.1f}",
            free=f"{free / 1e9:.1f}",
        )


def _fetch(
    repository: Repository,
    layout: Layout,
    report: Report,
    should_stop: Callable[[], bool],
    *,
    endpoint: str | None,
) -> None:
    """First what is published under its first name, then what may stand in for a file that is not there."""
    for patterns in _patterns(layout, repository):
        transfer = _Transfer(repository, layout.models / repository.folder, patterns, endpoint)
        thread = threading.Thread(target=transfer.run, name="download", daemon=True)
        thread.start()
        while thread.is_alive():
            thread.join(_REPORT_SECONDS)
            if should_stop():
                transfer.stop.set()
            report(transfer.progress())
        if transfer.stop.is_set():
            raise Cancelled("models.cancelled_download")
        if transfer.failure is not None:
            raise _translated(transfer.failure, repository, layout) from transfer.failure


def _patterns(layout: Layout, repository: Repository) -> Iterator[list[str]]:
    """Names to ask the hub for; each list is worked out when the one before it has been fetched."""
    first = [file.path for file in repository.files]
    yield [path for path in first if not (layout.models / repository.folder / path).exists()] or first
    prefix = f"{repository.folder}/"
    absent = {file.path.removeprefix(prefix) for file in _missing(layout, repository)}
    instead = [file.instead for file in repository.files if file.path in absent and file.instead]
    if instead:
        yield instead


class _Stop(BaseException):
    """Ends modelscope's transfer at the next block; as an Exception it would be taken for a failure and tried again."""


class _Transfer:
    """One call of modelscope, in a thread of its own so that the caller can report and stop."""

    def __init__(self, repository: Repository, folder: Path, patterns: list[str], endpoint: str | None) -> None:
        self.stop = threading.Event()
        self.failure: Exception | None = None
        self._repository, self._folder, self._patterns, self._endpoint = repository, folder, patterns, endpoint
        self._lock = threading.Lock()
        self._received: dict[str, int] = {}
        self._sizes = {file.path: file.size_bytes for file in repository.files if file.path in patterns}
        self._last = ""

    def run(self) -> None:
        """Download; ends with `failure` set when it failed."""
        os.environ.setdefault("MODELSCOPE_DOWNLOAD_TOTAL_TIMEOUT", str(_TOTAL_TIMEOUT_SECONDS))
        from modelscope import snapshot_download  # here: it takes a second, and only downloads need it

        try:
            snapshot_download(
                self._repository.name,
                local_dir=str(self._folder),
                allow_patterns=self._patterns,
                max_workers=_WORKERS,
                progress_callbacks=[self._callback()],
                endpoint=self._endpoint,
            )
        except _Stop:
            _LOG.info("download of %s stopped", self._repository.name)
        except Exception as error:
            self.failure = error

    def progress(self) -> DownloadProgress:
        """Bytes so far."""
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
        if self.stop.is_set():
            raise _Stop
        with self._lock:
            self._received[name] += size
            self._last = name


def _translated(failure: Exception, repository: Repository, layout: Layout) -> StudioError:
    """What a person can do about it; modelscope hands over one failure, or one per file."""
    failed: dict[str, BaseException] = getattr(failure, "failed_files", {})
    first: BaseException = next(iter(failed.values()), failure)
    if isinstance(first, OSError) and first.errno in (errno.ENOSPC, errno.EDQUOT):
        free = shutil.disk_usage(layout.models).free
        needed = sum(file.size_bytes for file in _missing(layout, repository)) / 1e9
        return Wait("models.disk_full", folder=str(layout.models), needed=f"{needed:.1f}", free=f"{free / 1e9:.1f}")
    return InstallOrDownload(
        "models.download_failed",
        source=f"ModelScope {repository.name}",
        files=", ".join(failed) or "-",
        reason=(str(first).splitlines() or [type(first).__name__])[0][:300],
    )
