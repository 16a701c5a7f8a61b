"""Missing model files from ModelScope: resumed where a download broke off, checked by hash, stopped when asked."""

from __future__ import annotations

import errno
import logging
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from pathlib import Path

from story_engine.catalog.families import family_of
from story_engine.catalog.hub_files import ask_hub
from story_engine.catalog.listing import Listing
from story_engine.catalog.package import ARRIVING, Package
from story_engine.catalog.part import Part, file_state
from story_engine.catalog.published import acceptance_of, downloadable, package_state
from story_engine.catalog.settle import join_apart
from story_engine.catalog.transfer import DownloadProgress, Report, Transfer, failures_of
from story_engine.domain.family import FAMILY_NAMES
from story_engine.errors import ChooseAnother, FixInput, InstallOrDownload, StudioError, Wait
from story_engine.store.atomic import cannot_write
from story_engine.store.layout import Layout

__all__ = ["DownloadProgress", "Report", "check_licence", "download_family"]

_LOG = logging.getLogger(__name__)
_SPARE_BYTES = 2**30
"""Left free on the disk beyond the files themselves."""
_ASIDE = ".put-aside"
OTHER_MODEL = ".other-model"
"""What a person's file of another model is renamed to where a model's own file has to come; it is never deleted."""
WRONG = ".wrong-hash"
"""What verification renames a file to that is not as published; it goes once the right one is there."""


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
        layout: files go under `layout.models`, in the published folders; what is whole elsewhere is used there.
        report: called about twice a second, in the caller's thread.
        should_stop: asked as often; what has arrived stays, and the next download goes on from there.
        endpoint: another hub than modelscope's own choice.

    Raises:
        ChooseAnother: nothing of that name can be downloaded.
        FixInput: its licence has not been accepted.
        Wait: the disk has no room for it, or the hub cannot be reached, which is told within ten seconds.
        InstallOrDownload: the hub does not have the files (any more), or the connection was lost.
        Cancelled: `should_stop` said so.
    """
    package = downloadable(name)
    if not package.is_complete(package.folder(layout)):
        parts = package.lacking(layout)
        if parts:
            check_licence(layout, package)
            _check_ours(layout, package, parts)
            listing = ask_hub(package, layout, endpoint=endpoint)
            _make_room(layout, package, parts, listing)
            _fetch(package, parts, layout, report, should_stop, endpoint=endpoint, listing=listing)
        join_apart(layout)
    _throw_away_wrong(package, layout)
    state = package_state(layout, name)
    if not state.ready:
        absent = ", ".join(file.path for file in state.files if file.state != "present")
        raise InstallOrDownload("models.not_on_hub", listed=absent, source=state.source)
    if name in FAMILY_NAMES:
        family_of(layout, name)  # hashed once now, so that no page has to wait for it later
    _LOG.info("downloaded %s", name)


def check_licence(layout: Layout, package: Package) -> None:
    """Refuse where a licence has to be accepted first.

    Raises:
        FixInput: it was not, or another version of it was.
    """
    licence = package.licence
    if licence is not None and acceptance_of(layout, package) is None:
        raise FixInput("models.licence_first", family=package.title, version=licence.version, url=licence.url)


def _check_ours(layout: Layout, package: Package, parts: Sequence[Part]) -> None:
    """Refuse to write through a link into a folder that other programs use, such as the cache of Hugging Face.

    Raises:
        ChooseAnother: the folder, or one in it, is such a link.
    """
    folder, ours = package.home_of(layout), layout.models.resolve()
    names = [name for part in parts for name in (*part.beside, *part.form(folder))]
    for place in dict.fromkeys((folder, *((folder / name).parent for name in names))):
        leads_to = place.resolve()
        if place.is_dir() and not leads_to.is_relative_to(ours) and any(leads_to.iterdir()):
            absent = ", ".join(name for name in names if file_state(folder / name) != "present")
            raise ChooseAnother("models.not_ours", folder=str(place), leads_to=str(leads_to), listed=absent)


def _make_room(layout: Layout, package: Package, parts: Sequence[Part], listing: Listing) -> None:
    folder = package.home_of(layout)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _set_other_models_aside(folder, parts)
    except OSError as error:
        raise cannot_write(folder, error) from error
    needed_bytes = _bytes_to_come(package, parts, folder, listing)
    free = shutil.disk_usage(layout.models).free
    if needed_bytes and free < needed_bytes + _SPARE_BYTES:
        raise Wait(
            "models.disk_full",
            folder=str(layout.models),
            needed=f"{(needed_bytes + _SPARE_BYTES) / 1e9:.1f}",
            free=f"{free / 1e9:.1f}",
        )


def _bytes_to_come(package: Package, parts: Sequence[Part], folder: Path, listing: Listing) -> int:
    names = {name for part in parts for name in (*part.beside, *part.form(folder))}
    absent = [name for name in names if file_state(folder / name) != "present"]
    sizes = {
        name: listing.files[name].size_bytes or package.sizes.get(name, 0) for name in absent if name in listing.files
    }
    return sum(max(0, size - _arrived(folder / name)) for name, size in sizes.items())


def _arrived(path: Path) -> int:
    try:
        return path.with_name(path.name + ARRIVING).stat().st_size
    except OSError:
        return 0


def _set_other_models_aside(folder: Path, parts: Sequence[Part]) -> None:
    for part in parts:
        if part.fault(folder) is None:
            continue
        for name in (*part.beside, *part.form(folder)):
            path = folder / name
            if path.is_symlink() or path.exists():
                _LOG.warning("%s is of another model and becomes %s%s", path, path.name, OTHER_MODEL)
                path.replace(path.with_name(path.name + OTHER_MODEL))


def _throw_away_wrong(package: Package, layout: Layout) -> None:
    folder = package.home_of(layout)
    for path in folder.rglob(f"*{WRONG}") if folder.is_dir() and not folder.is_symlink() else ():
        if file_state(path.with_name(path.name.removesuffix(WRONG))) == "present":
            with suppress(OSError):
                path.unlink()


def _fetch(
    package: Package,
    parts: Sequence[Part],
    layout: Layout,
    report: Report,
    should_stop: Callable[[], bool],
    *,
    endpoint: str | None,
    listing: Listing,
) -> None:
    """First what is not whole of the published files, then what a new index names, then what may stand in for them."""
    folder, asked = package.home_of(layout), set[str]()
    patterns = package.licence.names if package.licence is not None else ()
    texts = [name for name in listing.files if any(fnmatchcase(name, pattern) for pattern in patterns)]
    texts = [name for name in texts if "/" not in name and not (folder / name).exists()]
    while wanted := _names_to_ask(parts, folder, asked):
        asked.update(wanted)
        sizes = {name: listing.files[name].size_bytes for name in wanted if name in listing.files}
        transfer = Transfer(package.hub, folder, [*texts, *wanted], endpoint=endpoint, sizes=sizes)
        texts = []
        with _put_aside(folder, wanted):
            transfer.follow(report, should_stop)
            if transfer.failure is not None:
                raise _translated(transfer.failure, package, layout) from transfer.failure


def _names_to_ask(parts: Sequence[Part], folder: Path, asked: Collection[str]) -> list[str]:
    """Files to ask the hub for, each once; what another form of a network needs comes when the first cannot be had."""
    names: list[str] = []
    for part in parts:
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


def _translated(failure: Exception, package: Package, layout: Layout) -> StudioError:
    """What a person can do about it; modelscope hands over one failure, or one per file."""
    failed = failures_of(failure)
    first = next(iter(failed.values()), failure)
    files = ", ".join(failed) or "-"
    if isinstance(first, OSError) and first.errno in (errno.ENOSPC, errno.EDQUOT):
        free = shutil.disk_usage(layout.models).free
        needed = package_state(layout, package.name).missing_bytes / 1e9
        return Wait("models.disk_full", folder=str(layout.models), needed=f"{needed:.1f}", free=f"{free / 1e9:.1f}")
    if isinstance(first, OSError) and first.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return cannot_write(package.home_of(layout), first)
    if type(first).__name__ in ("FileIntegrityError", "FileSizeMismatchError"):
        return InstallOrDownload("models.arrived_wrong", source=package.source, files=files)
    reason = (str(first).splitlines() or [type(first).__name__])[0][:300]
    return InstallOrDownload("models.download_failed", source=package.source, files=files, reason=reason)
