"""Missing model files from ModelScope: resumed where a download broke off, checked by hash, stopped when asked."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from story_engine.catalog.families import family_of
from story_engine.catalog.package import Package, file_state
from story_engine.catalog.published import downloadable, package_state
from story_engine.domain.family import FAMILY_NAMES
from story_engine.errors import Cancelled, ChooseAnother, InstallOrDownload, StudioError, Wait
from story_engine.store.atomic import cannot_write
from story_engine.store.layout import Layout

_LOG = logging.getLogger(__name__)
_REPORT_SECONDS = 0.5
_WORKERS = 2
_SPARE_BYTES = 2**30
"""Left free on the disk beyond the files themselves."""
_TOTAL_TIMEOUT_SECONDS = 24 * 3600
"""Per file; modelscope's own hour is too short for 5 GB on a slow line."""
_ASIDE = ".put-aside"


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadProgress:
    """How far a download is."""

    file: str
    """The file that moved last."""
    received_bytes: int
    """Of all files of the download, those that were here before included."""
    total_bytes: int
    """Approximately, until the hub has answered with the sizes."""


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
        name: a key of `published.downloads`.
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
    package = downloadable(name)
    folder = layout.models / package.home
    if not package.is_complete(package.folder(layout)):
        _check_ours(folder, package)
        _check_room(layout, package)
        _fetch(package, layout, report, should_stop, endpoint=endpoint)
    state = package_state(layout, name)
    if not state.ready:
        absent = ", ".join(file.path for file in state.files if file.state != "present")
        raise InstallOrDownload("models.not_on_hub", listed=absent, source=state.source)
    if name in FAMILY_NAMES:
        family_of(layout, name)  # hashed once now, so that no page has to wait for it later
    _LOG.info("downloaded %s", name)


def _check_ours(folder: Path, package: Package) -> None:
    """Refuse to write through a link into the cache of Hugging Face, which other programs read.

    Raises:
        ChooseAnother: the folder is such a link.
    """
    cache = next((place for place in folder.resolve().parents if place.name == "snapshots"), None)
    if cache is not None and cache.parent.name.startswith("models--"):
        absent = ", ".join(name for name in package.names(folder) if file_state(folder / name) != "present")
        raise ChooseAnother("models.not_ours", folder=str(folder), cache=str(cache.parent), listed=absent)


def _check_room(layout: Layout, package: Package) -> None:
    try:
        (layout.models / package.home).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(layout.models / package.home, error) from error
    needed_bytes = sum(file.size_bytes for file in package.states(layout) if file.state != "present")
    free = shutil.disk_usage(layout.models).free
    if needed_bytes and free < needed_bytes + _SPARE_BYTES:
        raise Wait(
            "models.disk_full",
            folder=str(layout.models),
            needed=f"{(needed_bytes + _SPARE_BYTES) / 1e9:.1f}",
            free=f"{free / 1e9:.1f}",
        )


def _fetch(
    package: Package,
    layout: Layout,
    report: Report,
    should_stop: Callable[[], bool],
    *,
    endpoint: str | None,
) -> None:
    """First what is not whole of the published files, then what a new index names, then what may stand in for them."""
    folder, asked = layout.models / package.home, set[str]()
    while wanted := _names_to_ask(package, folder, asked):
        asked.update(wanted)
        transfer = _Transfer(package, folder, wanted, endpoint)
        with _put_aside(folder, wanted):
            _transferred(transfer, report, should_stop)
            if transfer.failure is not None:
                raise _translated(transfer.failure, package, layout) from transfer.failure


def _transferred(transfer: _Transfer, report: Report, should_stop: Callable[[], bool]) -> None:
    thread = threading.Thread(target=transfer.run, name="download", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_REPORT_SECONDS)
        if should_stop():
            transfer.stop.set()
        report(transfer.progress())
    if transfer.stop.is_set():
        raise Cancelled("models.cancelled_download")


def _names_to_ask(package: Package, folder: Path, asked: Collection[str]) -> list[str]:
    """Files to ask the hub for, each once; what another form of a network needs comes when the first cannot be had."""
    names: list[str] = []
    for part in package.parts:
        missing = [name for name in (*part.beside, *part.form(folder)) if file_state(folder / name) != "present"]
        fresh = [name for name in missing if name not in asked]
        if missing and not fresh:
            heads = (form.head for form in part.forms)
            fresh = [head for head in heads if head not in asked and file_state(folder / head) == "missing"][:1]
        names += fresh
    return names


@contextmanager
def _put_aside(folder: Path, names: Sequence[str]) -> Iterator[None]:
    """Move what is there and not whole out of the way; it comes back where nothing better arrives.

    What is a link is moved as a link: a download never writes into the file that it points to.
    """
    aside = {folder / name: folder / f"{name}{_ASIDE}" for name in names if (folder / name).is_symlink()}
    aside |= {folder / name: folder / f"{name}{_ASIDE}" for name in names if (folder / name).exists()}
    try:
        for path, place in aside.items():
            path.replace(place)
        yield
    except OSError as error:
        raise cannot_write(folder, error) from error
    finally:
        for path, place in aside.items():
            with suppress(OSError):
                if file_state(path) == "present":
                    place.unlink(missing_ok=True)
                elif place.is_symlink() or place.exists():
                    place.replace(path)


class _Stop(BaseException):
    """Ends modelscope's transfer at the next block; as an Exception it would be taken for a failure and tried again."""


class _Transfer:
    """One call of modelscope, in a thread of its own so that the caller can report and stop."""

    def __init__(self, package: Package, folder: Path, names: list[str], endpoint: str | None) -> None:
        self.stop = threading.Event()
        self.failure: Exception | None = None
        self._package, self._folder, self._names, self._endpoint = package, folder, names, endpoint
        self._lock = threading.Lock()
        self._received: dict[str, int] = {}
        self._sizes = {name: package.sizes.get(name, 0) for name in names}
        self._last = ""

    def run(self) -> None:
        """Download; ends with `failure` set when it failed."""
        os.environ.setdefault("MODELSCOPE_DOWNLOAD_TOTAL_TIMEOUT", str(_TOTAL_TIMEOUT_SECONDS))
        from modelscope import snapshot_download  # here: it takes a second, and only downloads need it

        try:
            snapshot_download(
                self._package.hub,
                local_dir=str(self._folder),
                allow_patterns=self._names,
                max_workers=_WORKERS,
                progress_callbacks=[self._callback()],
                endpoint=self._endpoint,
            )
        except _Stop:
            _LOG.info("download of %s stopped", self._package.hub)
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


def _translated(failure: Exception, package: Package, layout: Layout) -> StudioError:
    """What a person can do about it; modelscope hands over one failure, or one per file."""
    failed: dict[str, BaseException] = getattr(failure, "failed_files", {})
    first: BaseException = next(iter(failed.values()), failure)
    if isinstance(first, OSError) and first.errno in (errno.ENOSPC, errno.EDQUOT):
        free = shutil.disk_usage(layout.models).free
        needed = sum(file.size_bytes for file in package.states(layout) if file.state != "present") / 1e9
        return Wait("models.disk_full", folder=str(layout.models), needed=f"{needed:.1f}", free=f"{free / 1e9:.1f}")
    if isinstance(first, OSError) and first.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return cannot_write(layout.models / package.home, first)
    return InstallOrDownload(
        "models.download_failed",
        source=package.source,
        files=", ".join(failed) or "-",
        reason=(str(first).splitlines() or [type(first).__name__])[0][:300],
    )
