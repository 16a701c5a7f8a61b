"""Downloading a model's missing files, as a job of the child."""

from __future__ import annotations

import time
from collections.abc import Callable

from story_engine.catalog.download import DownloadProgress, download_family
from story_engine.catalog.hub import hub_endpoint
from story_engine.domain.job import Progress
from story_engine.domain.job_result import DownloadResult
from story_engine.domain.job_spec import DownloadSpec
from story_engine.store.layout import Layout

_MEGABYTE = 2**20


def run(
    spec: DownloadSpec,
    *,
    job: int,
    report: Callable[[Progress], None],
    should_stop: Callable[[], bool],
    layout: Layout,
) -> DownloadResult:
    """Fetch what is missing of a family ("kolors" or "aesthetic").

    Raises:
        StudioError: as `download_family`.
    """
    del job
    started = time.monotonic()

    def received(progress: DownloadProgress) -> None:
        rate = progress.received_bytes / max(0.001, time.monotonic() - started)
        left = max(0, progress.total_bytes - progress.received_bytes)
        report(
            Progress(
                stage="downloading",
                step=progress.received_bytes // _MEGABYTE,
                total=max(progress.total_bytes, progress.received_bytes) // _MEGABYTE,
                eta_seconds=round(left / rate) if rate else None,
                note=progress.file,
            )
        )

    # modelscope itself reads the environment's hub once per process, and this one may have served another before
    download_family(spec.family, layout, received, should_stop, endpoint=hub_endpoint())
    return DownloadResult(family=spec.family, seconds=round(time.monotonic() - started, 1))
