"""How much everything in a workspace takes up, and what of it nobody needs."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from story_engine.domain.disk import Cleanup, DiskUse, Room, StoryRoom, TrashRoom
from story_engine.store.atomic import FORGOTTEN_SECONDS, is_whole
from story_engine.store.history import History
from story_engine.store.layout import Layout
from story_engine.store.references import ReferenceStore
from story_engine.store.trash import Trash

CACHE_IN_USE_SECONDS = 3600.0
"""A cached file that was touched within the last hour may be what a job reads just now."""
_OLD_TRASHES = ("dataset-trash", "run-trash", "lora-trash")


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file with what is asked of it here."""

    path: Path
    size_bytes: int
    touched_at: float
    """Last written or, where the disk notes that, read; seconds since the epoch."""


def files_in(folder: Path) -> Iterator[FoundFile]:
    """Every ordinary file below `folder`, whatever vanishes or cannot be read meanwhile; links are not followed."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        with contextlib.suppress(OSError):
            if entry.is_dir(follow_symlinks=False):
                yield from files_in(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                stat = entry.stat(follow_symlinks=False)
                yield FoundFile(Path(entry.path), stat.st_size, max(stat.st_mtime, stat.st_atime))


def size_of(path: Path) -> int:
    """Bytes of a file, or of everything in a folder."""
    if path.is_dir():
        return sum(file.size_bytes for file in files_in(path))
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def free_bytes(folder: Path) -> int | None:
    """What is left on the disk that `folder` lies on, or will; None where that cannot be found out."""
    for each in (folder, *folder.parents):
        if each.exists():
            try:
                return shutil.disk_usage(each).free
            except OSError:
                return None
    return None


def folder_times(layout: Layout) -> tuple[int, ...]:
    """Differs as soon as something whole was added, deleted or brought back: five folders are asked, no file."""
    folders = (layout.trash, layout.workspace / "takes", layout.datasets, layout.runs, layout.loras)
    times = []
    for folder in folders:
        try:
            times.append(folder.stat().st_mtime_ns)
        except OSError:
            times.append(0)
    return tuple(times)


class Disk:
    """The disk as a workspace uses it."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._trash = Trash(layout)

    def measure(self, *, titles: dict[str, str], forgettable_jobs: int, asked: Iterable[str] | None = ()) -> DiskUse:
        """Asks for the size of every file; a second or two for a hundred thousand of them.

        Args:
            titles: story → title, of the stories on the shelf.
            forgettable_jobs: how many jobs the list would forget by its limits.
            asked: what jobs are asked to do, word for word; None where that cannot be read: it may name any reference.
        """
        layout = self._layout
        stories = self.stories(titles)
        trash = tuple(
            TrashRoom(entry=entry, size_bytes=size_of(self._trash.place(entry.token)))
            for entry in self._trash.entries()
        )
        gone = [story for story in stories if story.is_gone]
        here = [story for story in stories if not story.is_gone]
        # In a class they are everybody's.
        models = layout.workspace / "models"
        models = models.resolve() if models.is_symlink() else models
        ledger = [
            path for path in _entries(layout.workspace) if path.name.startswith(layout.ledger.name) and path.is_file()
        ]
        parts = (
            _room("takes", sum(story.size_bytes for story in here), sum(story.count for story in here)),
            _of_entries("references", layout.references),
            _room("gone_takes", sum(story.size_bytes for story in gone), sum(story.count for story in gone)),
            _of_entries("datasets", layout.datasets),
            _of_entries("runs", layout.runs),
            _of_entries("loras", layout.loras),
            _of_entries("models", models),
            _of_files("caches", (layout.workspace / "cache",)),
            _room("ledger", sum(map(size_of, ledger)), len(ledger)),
            _of_files("logs", (layout.logs,)),
            _of_entries("bundles", layout.bundles),
            _room("trash", sum(room.size_bytes for room in trash), len(trash)),
            _of_files("stories", (layout.stories,), without=".trash"),
        )
        usage = shutil.disk_usage(next(each for each in (layout.workspace, *layout.workspace.parents) if each.exists()))
        return DiskUse(
            free_bytes=usage.free,
            total_bytes=usage.total,
            parts=tuple(part for part in parts if part.size_bytes or part.count),
            stories=stories,
            trash=trash,
            cleanups=self._cleanups(gone, trash, forgettable_jobs, asked),
            measured_at=time.time(),
        )

    def stories(self, titles: dict[str, str]) -> tuple[StoryRoom, ...]:
        """The takes, story by story, largest first."""
        deleted = {entry.name: entry.title for entry in self._trash.entries() if entry.kind == "story"}
        found = []
        for folder in _entries(self._layout.workspace / "takes"):
            slug = folder.name
            files = list(files_in(folder))
            if files:
                found.append(
                    StoryRoom(
                        name=slug,
                        size_bytes=sum(file.size_bytes for file in files),
                        count=sum(file.path.suffix == ".png" for file in files),
                        title=titles.get(slug) or deleted.get(slug) or slug,
                        is_gone=slug not in titles and slug not in deleted and self._is_gone(slug),
                    )
                )
        return tuple(sorted(found, key=lambda room: -room.size_bytes))

    def idle_cache_files(self) -> list[FoundFile]:
        """What can be made again and is not being read just now, the longest untouched first."""
        before = time.time() - CACHE_IN_USE_SECONDS
        files = [file for file in files_in(self._layout.workspace / "cache") if file.touched_at < before]
        return sorted(files, key=lambda file: file.touched_at)

    def leftovers(self) -> list[FoundFile]:
        """Half-written files and folders of processes that ended; never in a folder that a hub's client keeps."""
        before = time.time() - FORGOTTEN_SECONDS
        kept = {self._layout.models.name, "trash"}
        places = [place for place in _entries(self._layout.workspace) if place.name not in kept]
        found = [file for place in (*places, self._layout.stories) for file in files_in(place)]
        return [
            file
            for file in found
            if file.touched_at < before and any(not is_whole(Path(part)) for part in file.path.parts)
        ]

    def _cleanups(
        self, gone: list[StoryRoom], trash: tuple[TrashRoom, ...], forgettable_jobs: int, asked: Iterable[str] | None
    ) -> tuple[Cleanup, ...]:
        outdated = {entry.token for entry in self._trash.outdated()}
        old = [room for room in trash if room.entry.token in outdated]
        caches, leftovers = self.idle_cache_files(), self.leftovers()
        references = [] if asked is None else ReferenceStore(self._layout).unused(asked)
        cache = self._layout.workspace / "cache"
        kinds = tuple(sorted({file.path.relative_to(cache).parts[0] for file in caches}))
        found = (
            Cleanup(kind="caches", size_bytes=_sum(caches), names=kinds, count=len(caches)),
            Cleanup(
                kind="gone_takes",
                size_bytes=sum(story.size_bytes for story in gone),
                names=tuple(story.name for story in gone),
                count=sum(story.count for story in gone),
            ),
            Cleanup(
                kind="old_trash",
                size_bytes=sum(room.size_bytes for room in old),
                names=tuple(room.entry.title for room in old),
                count=len(old),
            ),
            Cleanup(kind="jobs", size_bytes=0, names=(), count=forgettable_jobs),
            Cleanup(
                kind="leftovers",
                size_bytes=_sum(leftovers),
                names=tuple(file.path.name for file in leftovers),
                count=len(leftovers),
            ),
            Cleanup(
                kind="references",
                size_bytes=sum(map(size_of, references)),
                names=tuple(path.stem[:12] for path in references),
                count=len(references),
            ),
        )
        return tuple(each for each in found if each.count)

    def _is_gone(self, slug: str) -> bool:
        """A history without its story may be one whose file comes back, from a backup or another branch."""
        return not self._layout.story(slug).exists() and not History(self._layout.history(slug)).numbers()


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return []


def _room(name: str, size_bytes: int, count: int) -> Room:
    return Room(name=name, size_bytes=size_bytes, count=count)


def _of_entries(name: str, folder: Path) -> Room:
    """A folder in which every entry is one thing."""
    entries = _entries(folder)
    return _room(name, sum(map(size_of, entries)), len(entries))


def _of_files(name: str, folders: Iterable[Path], *, without: str = "") -> Room:
    files = [file for folder in folders for file in files_in(folder) if not without or without not in file.path.parts]
    return _room(name, _sum(files), len(files))


def _sum(files: Iterable[FoundFile]) -> int:
    return sum(file.size_bytes for file in files)
