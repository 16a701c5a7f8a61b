"""Putting a bundle into a repository of ModelScope, as a job of the child. What arrived stays there for another try."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from story_engine.catalog.hub import Hub, hub_endpoint
from story_engine.domain.job import Progress
from story_engine.domain.job_result import UploadResult
from story_engine.domain.job_spec import UploadSpec
from story_engine.errors import Cancelled
from story_engine.formats.bundle_reader import CHECKSUMS, checked_files
from story_engine.jobs import handover
from story_engine.store.layout import Layout

_MEGABYTE = 2**20
_REPORT_SECONDS = 0.2


def run(
    spec: UploadSpec,
    *,
    job: int,
    report: Callable[[Progress], None],
    should_stop: Callable[[], bool],
    layout: Layout,
) -> UploadResult:
    """Upload what the hub does not have, then put all files into the repository with one commit.

    Raises:
        FixInput: the bundle is damaged; the token is gone, or wrong; the repository is refused, or somebody else's.
        Wait: the hub does not answer, or the connection was cut off; what arrived is found again by the next try.
        Cancelled: `should_stop` said so.
    """
    del job
    try:
        return _uploaded(spec, layout, handover.take(spec.ticket), report=report, should_stop=should_stop)
    finally:
        handover.over(spec.ticket)


def _uploaded(
    spec: UploadSpec, layout: Layout, token: str, *, report: Callable[[Progress], None], should_stop: Callable[[], bool]
) -> UploadResult:
    started = time.monotonic()
    report(Progress(stage="checking"))
    hub = Hub(token, endpoint=hub_endpoint(layout))
    hub.reach()
    hub.user()
    with tempfile.TemporaryDirectory(prefix="story-studio-upload-") as folder:
        checked = checked_files(Path(spec.bundle), Path(folder))
        if should_stop():
            raise Cancelled("upload.cancelled")
        hub.ensure(spec.repository, private=spec.private)
        files = {**checked.files, CHECKSUMS: checked.checksums}
        sizes = {name: path.stat().st_size for name, path in files.items()}
        large = {checked.sums[name]: name for name in checked.files if hub.is_large(name, sizes[name])}
        missing = hub.missing(spec.repository, {sha256: sizes[name] for sha256, name in large.items()})
        total = sum(sizes[large[sha256]] for sha256 in missing)
        watch = _Watch(report, total, started)
        for sha256, address in missing.items():
            name = large[sha256]
            watch.name = name
            hub.send(address, files[name], name=name, sent=watch.sent, should_stop=should_stop)
        if should_stop():
            raise Cancelled("upload.cancelled")
        hub.commit(spec.repository, files, f"Story Studio: {Path(spec.bundle).stem}")
    return UploadResult(
        repository=spec.repository,
        url=hub.page(spec.repository),
        files=len(files),
        sent_bytes=total,
        found_bytes=sum(sizes[name] for sha256, name in large.items() if sha256 not in missing),
        seconds=round(time.monotonic() - started, 1),
    )


class _Watch:
    """Bytes that left, as progress; not more often than anybody looks."""

    def __init__(self, report: Callable[[Progress], None], total: int, started: float) -> None:
        self._report, self._total, self._started = report, total, started
        self._done = 0
        self._told_at = 0.0
        self.name = ""

    def sent(self, size: int) -> None:
        self._done += size
        now = time.monotonic()
        if now - self._told_at < _REPORT_SECONDS and self._done < self._total:
            return
        self._told_at = now
        rate = self._done / max(0.001, now - self._started)
        self._report(
            Progress(
                stage="uploading",
                step=self._done // _MEGABYTE,
                total=max(1, self._total // _MEGABYTE),
                eta_seconds=round(max(0, self._total - self._done) / rate) if rate else None,
                note=self.name,
            )
        )
