"""Downloading a model's missing files, and verifying those that are here, as jobs of the child."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from story_engine.catalog.download import DownloadProgress, download_family
from story_engine.catalog.hub import hub_endpoint
from story_engine.catalog.verify import verify_package
from story_engine.domain.job import Progress
from story_engine.domain.job_result import DownloadResult, VerifyResult
from story_engine.domain.job_spec import DownloadSpec, VerifySpec
from story_engine.store.layout import Layout

_MEGABYTE = 2**20
_SPEED_SECONDS = 10.0
"""The speed is that of the last seconds: what an earlier download brought arrived at once."""


def run(
    spec: DownloadSpec,
    *,
    job: int,
    report: Callable[[Progress], None],
    should_stop: Callable[[], bool],
    layout: Layout,
) -> DownloadResult:
    """Fetch what is missing of a model ("kolors" or "aesthetic").

    Raises:
        StudioError: as `download_family`.
    """
    del job
    started = time.monotonic()
    watch = _Watch("downloading", report)
    # modelscope itself reads the environment's hub once per process, and this one may have served another before
    download_family(spec.family, layout, watch.moved, should_stop, endpoint=hub_endpoint(layout))
    return DownloadResult(family=spec.family, seconds=round(time.monotonic() - started, 1))


def run_verify(
    spec: VerifySpec,
    *,
    job: int,
    report: Callable[[Progress], None],
    should_stop: Callable[[], bool],
    layout: Layout,
) -> VerifyResult:
    """Hold a model's files against what the hub says of them.

    Raises:
        StudioError: as `verify_package`.
    """
    del job
    watch = _Watch("verifying", report)
    return verify_package(spec.family, layout, watch.moved, should_stop, endpoint=hub_endpoint(layout))


class _Watch:
    """Bytes as progress, with their speed of late."""

    def __init__(self, stage: str, report: Callable[[Progress], None]) -> None:
        self._stage, self._report = stage, report
        self._seen: deque[tuple[float, int]] = deque()

    def moved(self, progress: DownloadProgress) -> None:
        """Report one look."""
        now, received = time.monotonic(), progress.received_bytes
        if self._seen and received < self._seen[-1][1]:
            self._seen.clear()  # a file began anew
        self._seen.append((now, received))
        while now - self._seen[0][0] > _SPEED_SECONDS:
            self._seen.popleft()
        (began, before), left = self._seen[0], max(0, progress.total_bytes - received)
        rate = (received - before) / (now - began) if received > before and now > began else 0.0
        self._report(
            Progress(
                stage=self._stage,
                step=received // _MEGABYTE,
                total=max(progress.total_bytes, received) // _MEGABYTE,
                seconds_per_step=_MEGABYTE / rate if rate else None,
                eta_seconds=round(left / rate) if rate else None,
                note=progress.file,
            )
        )
