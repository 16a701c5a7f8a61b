"""Throw away what nobody needs: only what `Disk` has named, and what is still so in the moment in which it goes."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from story_engine.domain.disk import CleanupKind
from story_engine.store.disk import Disk, FoundFile, size_of
from story_engine.store.layout import Layout
from story_engine.store.limits import read_limits
from story_engine.store.references import ReferenceStore
from story_engine.store.trash import Trash

Report = Callable[[int], None]
"""Called with the bytes that have just become free."""


def clean(
    layout: Layout,
    kinds: Iterable[CleanupKind],
    *,
    titles: dict[str, str],
    report: Report,
    asked: Iterable[str] | None = (),
) -> None:
    """Delete what belongs to the `kinds` (jobs are the ledger's own business). What resists stays, and stops nothing.

    Args:
        layout: of the workspace.
        kinds: what goes.
        titles: story → title, of the stories on the shelf.
        report: called with the bytes of each thing that has gone.
        asked: what jobs are asked to do, word for word; None where that cannot be read: no reference goes.
    """
    disk, trash = Disk(layout), Trash(layout)
    wanted = frozenset(kinds)
    if "caches" in wanted:
        _delete(disk.idle_cache_files(), report, up_to=layout.workspace / "cache")
    if "leftovers" in wanted:
        _delete(disk.leftovers(), report)
    if "gone_takes" in wanted:
        for story in disk.stories(titles):
            if story.is_gone:
                shutil.rmtree(layout.takes(story.name, "-").parent, ignore_errors=True)
                for place in (layout.picks, layout.sweeps, layout.hand_in, layout.comics):
                    beside = place(story.name)
                    with contextlib.suppress(OSError):
                        beside.unlink(missing_ok=True)
                report(story.size_bytes)
    if "references" in wanted and asked is not None:
        for path in ReferenceStore(layout).unused(asked):
            size_bytes = size_of(path)
            with contextlib.suppress(OSError):
                path.unlink()
                report(size_bytes)
    if "old_trash" in wanted:
        for entry in trash.outdated():
            size_bytes = size_of(trash.place(entry.token))
            if trash.forget([entry.token]):
                report(size_bytes)


def keep_limits(layout: Layout) -> int:
    """Delete the longest untouched cached files beyond what the caches may take up; how many bytes went."""
    limit = read_limits(layout).cache_gb * 1e9
    beyond = size_of(layout.workspace / "cache") - limit
    going: list[FoundFile] = []
    for file in Disk(layout).idle_cache_files() if beyond > 0 else []:
        if beyond <= 0:
            break
        beyond -= file.size_bytes
        going.append(file)
    freed = 0

    def count(size_bytes: int) -> None:
        nonlocal freed
        freed += size_bytes

    _delete(going, count, up_to=layout.workspace / "cache")
    return freed


def _delete(files: Iterable[FoundFile], report: Report, *, up_to: Path | None = None) -> None:
    """Delete files, and the folders below `up_to` that are empty then."""
    folders: set[Path] = set()
    for file in files:
        with contextlib.suppress(OSError):
            file.path.unlink()
            report(file.size_bytes)
            folders.add(file.path.parent)
    for folder in folders:
        for each in (folder, *folder.parents):
            if up_to is None or each in (up_to, *up_to.parents):
                break
            with contextlib.suppress(OSError):
                each.rmdir()
