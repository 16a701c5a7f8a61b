"""A model's files held against what its hub says of them: size and SHA-256, file by file."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from story_engine.catalog.download import WRONG
from story_engine.catalog.hub_files import ask_hub
from story_engine.catalog.listing import Listing, Published, known_listing
from story_engine.catalog.package import Package
from story_engine.catalog.part import Part, file_state
from story_engine.catalog.published import package_of
from story_engine.catalog.transfer import DownloadProgress, Report
from story_engine.domain.job_result import FileVerdict, VerifyResult
from story_engine.errors import Cancelled, StudioError, Wait
from story_engine.store.layout import Layout

_BLOCK_BYTES = 1 << 22
_REPORT_SECONDS = 0.5


def verify_package(
    name: str,
    layout: Layout,
    report: Report,
    should_stop: Callable[[], bool],
    *,
    endpoint: str | None = None,
    offline: bool = False,
) -> VerifyResult:
    """Read every file of a model that is here, and compare.

    A file that is not as published is set aside where it lies in the workspace, so that the next download fetches it
    and it alone; in folders of other programs nothing is touched.

    Args:
        name: of a package.
        layout: of the workspace.
        report: called about twice a second.
        should_stop: asked as often.
        endpoint: of the hub.
        offline: compare with what the hub said last, without asking it.

    Raises:
        ChooseAnother: there is no such model.
        Cancelled: `should_stop` said so.
    """
    started = time.monotonic()
    package = package_of(name)
    listing, source = _listing(package, layout, endpoint=endpoint, offline=offline)
    found = [(part, name, folder / name) for part, folder in package.located(layout) for name in _names(part, folder)]
    total = sum(path.stat().st_size for _, _, path in found if file_state(path) == "present")
    watch = _Watch(report, should_stop, total)
    home = package.home_of(layout)
    verdicts, aside = [], []
    for part, file, path in found:
        published = _published_as(part, file, listing)
        verdict = _verdict(path, file, published, watch)
        if part.fault(path.parents[file.count("/")]) is not None and not file.endswith(".json"):
            verdict = verdict.model_copy(update={"state": "foreign"})
        verdicts.append(verdict)
        is_ours = path.is_relative_to(home) and path.resolve().is_relative_to(layout.models.resolve())
        if verdict.state in ("other_size", "other_hash") and is_ours and not path.is_symlink():
            path.replace(path.with_name(path.name + WRONG))
            aside.append(file)
    return VerifyResult(
        family=name,
        folder=str(package.folder(layout)) if not aside else str(home),
        source=source,
        asked_at=listing.asked_at if listing is not None else "",
        files=tuple(verdicts),
        aside=tuple(aside),
        seconds=round(time.monotonic() - started, 1),
    )


def _listing(package: Package, layout: Layout, *, endpoint: str | None, offline: bool) -> tuple[Listing | None, str]:
    """What to compare with, and where it comes from: "hub", "kept" or nowhere."""
    if not package.hub:
        return None, ""
    try:
        if not offline:
            return ask_hub(package, layout, endpoint=endpoint), "hub"
    except StudioError:
        pass  # an earlier answer is as good: what is published does not change
    kept = known_listing(layout, package.name)
    return kept, "kept" if kept is not None else ""


def _names(part: Part, folder: Path) -> Iterator[str]:
    yield from part.beside
    yield from part.form(folder)


def _published_as(part: Part, file: str, listing: Listing | None) -> Published | None:
    """A network that lies in a folder of its own may hold the same files as the package's folder of its name."""
    if listing is None:
        return None
    return listing.files.get(file) or listing.files.get(f"{part.name}/{file}")


def _verdict(path: Path, file: str, published: Published | None, watch: _Watch) -> FileVerdict:
    state = file_state(path)
    size = path.stat().st_size if state != "missing" else 0
    if state != "present":
        return FileVerdict(name=file, path=str(path), state=state, size_bytes=size)
    if published is not None and published.size_bytes and published.size_bytes != size:
        watch.add(file, size)
        return FileVerdict(
            name=file, path=str(path), state="other_size", size_bytes=size, published_bytes=published.size_bytes
        )
    digest = _sha256(path, file, watch)
    if published is None or not published.sha256:
        return FileVerdict(name=file, path=str(path), state="not_compared", size_bytes=size, sha256=digest)
    state = "same" if digest == published.sha256 else "other_hash"
    return FileVerdict(name=file, path=str(path), state=state, size_bytes=size, sha256=digest)


def _sha256(path: Path, file: str, watch: _Watch) -> str:
    """Read anew: what is remembered from before would say nothing about the disk."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as opened:
            while block := opened.read(_BLOCK_BYTES):
                digest.update(block)
                watch.add(file, len(block))
    except OSError as error:
        raise Wait("models.not_read", file=str(path), reason=error.strerror or str(error)) from error
    return digest.hexdigest()


class _Watch:
    def __init__(self, report: Report, should_stop: Callable[[], bool], total_bytes: int) -> None:
        self._report, self._should_stop, self._total = report, should_stop, total_bytes
        self._done, self._told_at = 0, 0.0

    def add(self, file: str, size_bytes: int) -> None:
        self._done += size_bytes
        now = time.monotonic()
        if now - self._told_at < _REPORT_SECONDS and self._done < self._total:
            return
        self._told_at = now
        if self._should_stop():
            raise Cancelled("models.cancelled_verify")
        self._report(DownloadProgress(file=file, received_bytes=self._done, total_bytes=self._total))
