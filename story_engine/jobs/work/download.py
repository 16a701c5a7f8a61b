"""Downloading a model's missing files, as a job of the child."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from story_engine.catalog.download import DownloadProgress, download_family
from story_engine.domain.job import Progress
from story_engine.store.layout import Layout

_MEGABYTE = 2**20


def run(
    spec: dict[str, Any], *, report: Callable[[Progress], None], should_stop: Callable[[], bool], layout: Layout
) -> dict[str, object]:
    """Fetch what is missing of `spec["family"]` ("kolors" or "aesthetic").

    Raises:
        StudioError: as `download_family`.
    """
    started = time.monotonic()

    def tell(told: DownloadProgress) -> None:
        rate = told.received_bytes / max(0.001, time.monotonic() - started)
        left = max(0, told.total_bytes - told.received_bytes)
        report(
            Progress(
                stage="downloading",
                step=told.received_bytes // _MEGABYTE,
                total=max(told.total_bytes, told.received_bytes) // _MEGABYTE,
                eta_seconds=round(left / rate) if rate else None,
                note=told.file,
            )
        )

    download_family(spec["family"], layout, tell, should_stop)
    return {"family": spec["family"], "seconds": round(time.monotonic() - started, 1)}
