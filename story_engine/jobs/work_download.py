"""Downloading a model's missing files from ModelScope, in the child.

Downloads are resumed where they stopped, and checked by the library against the hub's hashes. Which hub that is, and
whose account, are modelscope's own settings (MODELSCOPE_ENDPOINT, `modelscope login`).
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from collections.abc import Callable
from typing import Any

from story_engine.domain.job import Progress
from story_engine.domain.views import ModelFile
from story_engine.errors import Cancelled, InstallOrDownload, Wait
from story_engine.models.published import PACKAGES, Repository, package_state, repository_files
from story_engine.store.layout import Layout

os.environ.setdefault("MODELSCOPE_DOWNLOAD_TOTAL_TIMEOUT", str(24 * 3600))
"""Seconds per file; the library's hour is too short for 5 GB over a slow line. Read when it is imported."""
from modelscope import snapshot_download  # noqa: E402
from modelscope_hub import ProgressCallback  # noqa: E402
from modelscope_hub.errors import HubError  # noqa: E402

REPORT_SECONDS = 0.25
SPARE_BYTES = 500_000_000
"""Left free on the disk, so that stories can be saved while and after models arrive."""
_LOG = logging.getLogger(__name__)


def run(
    spec: dict[str, Any], *, report: Callable[[Progress], None], should_stop: Callable[[], bool], layout: Layout
) -> dict[str, object]:
    """Fetch what is missing of `spec["family"]` ("kolors" or "aesthetic"); damaged files are fetched again.

    Raises:
        ChooseAnother: there is nothing to download under that name.
        Wait: the disk is too full, or the hub cannot be reached; what came so far is kept.
        InstallOrDownload: the hub gave files that are not whole.
        Cancelled: `should_stop` said so; what came so far is kept.
    """
    name = spec["family"]
    package_state(layout, name)  # refuses what cannot be downloaded
    wanted = {repository: _missing(layout, repository) for repository in PACKAGES[name]}
    fetching = _Fetching(sum(file.size_bytes for files in wanted.values() for file in files), report, should_stop)
    _check_space(layout, fetching.total_bytes)
    for repository, files in wanted.items():
        if files:
            _fetch(layout, repository, files, fetching)
    missing = [file.path for repository in PACKAGES[name] for file in _missing(layout, repository)]
    if missing:
        raise InstallOrDownload("jobs.download_incomplete", name=name, listed=", ".join(missing))
    return {"files": sum(map(len, wanted.values())), "bytes": fetching.done_bytes}


class _Fetching:
    """Progress over all files; told from the threads of the hub's library."""

    def __init__(self, total_bytes: int, report: Callable[[Progress], None], should_stop: Callable[[], bool]) -> None:
        self.total_bytes = total_bytes
        self.done_bytes = 0
        self._report = report
        self._should_stop = should_stop
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._reported_at = 0.0

    def came(self, name: str, size_bytes: int) -> None:
        """Count bytes of a file.

        Raises:
            Cancelled: the person asked to stop.
        """
        self.stop_if_asked()
        with self._lock:
            self.done_bytes += size_bytes
            now = time.monotonic()
            if now - self._reported_at < REPORT_SECONDS:
                return
            self._reported_at = now
            rate = self.done_bytes / max(0.001, now - self._started)
            left = max(0, self.total_bytes - self.done_bytes)
            self._report(
                Progress(
                    stage="downloading",
                    step=self.done_bytes // 2**20,
                    total=max(self.total_bytes, self.done_bytes) // 2**20,
                    eta_seconds=round(left / max(1.0, rate)),
                    note=name,
                )
            )

    def stop_if_asked(self) -> None:
        if self._should_stop():
            raise Cancelled("jobs.cancelled")


def _missing(layout: Layout, repository: Repository) -> list[ModelFile]:
    return [file for file in repository_files(layout, repository) if file.state != "present"]


def _check_space(layout: Layout, needed_bytes: int) -> None:
    layout.models.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(layout.models).free
    if needed_bytes and free < needed_bytes + SPARE_BYTES:
        needed_gb, free_gb = (f"{size / 1e9:.1f}" for size in (needed_bytes + SPARE_BYTES, free))
        raise Wait("jobs.download_no_space", needed=needed_gb, free=free_gb, folder=layout.models)


def _fetch(layout: Layout, repository: Repository, files: list[ModelFile], fetching: _Fetching) -> None:
    class Told(ProgressCallback):
        """The library makes one per file."""

        def update(self, size: int) -> None:
            fetching.came(self.filename, size)

    names = [file.path.removeprefix(f"{repository.folder}/") for file in files]
    folder = layout.models / repository.folder
    for name in names:
        # The library takes a file that is there for one that is whole.
        (folder / name).unlink(missing_ok=True)
    fetching.stop_if_asked()
    _LOG.info("fetching %d file(s) of %s", len(names), repository.name)
    try:
        snapshot_download(
            repository.name, local_dir=str(folder), allow_patterns=names, max_workers=2, progress_callbacks=[Told]
        )
    except (HubError, OSError, RuntimeError, ValueError) as error:
        fetching.stop_if_asked()  # the library wraps what a callback raises
        reason = str(error).strip()[:300] or type(error).__name__
        raise Wait("jobs.download_failed", name=repository.name, reason=reason) from error
