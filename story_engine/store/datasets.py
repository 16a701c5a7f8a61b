"""Datasets on disk: one folder each, with one index that is replaced whole.

`dataset.json` is the truth; every change is made under the folder's lock from what the index holds at that moment, so
a running import and two tabs lose nothing to each other. Pictures are written before the index names them.
"""

from __future__ import annotations

import contextlib
import logging
import os
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import ValidationError

from story_engine.domain.dataset import MOST_PICTURES, Dataset, DatasetEntry
from story_engine.domain.safe_name import name_fault
from story_engine.errors import ChooseAnother, FixInput, LookAtLog, StudioError, Wait
from story_engine.store.atomic import building, cannot_write, is_whole, read_bytes, write_bytes
from story_engine.store.dataset_pictures import FreeNames, NewPicture, put_files, sync_folders
from story_engine.store.folders import holds_anything
from story_engine.store.layout import Layout
from story_engine.store.names import slug_from
from story_engine.store.old_trash import DATASET
from story_engine.store.timestamps import now
from story_engine.store.trash import Trash

LARGEST_INDEX_BYTES = 200_000_000
LOCK_SECONDS = 20.0
LONGEST_TITLE = 100
"""Characters."""
_INDEX = "dataset.json"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Cached:
    state: tuple[int, int, int]
    """Inode, modification time, size: every save is a new file."""
    dataset: Dataset


class DatasetStore:
    """All datasets of a workspace."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._trash = Trash(layout)
        self._cache: dict[str, _Cached] = {}

    # -- the folder of datasets ----------------------------------------------------------------------------------------
    def names(self) -> tuple[str, ...]:
        """All datasets, last changed first."""
        found: list[tuple[float, str]] = []
        try:
            for path in self._layout.datasets.iterdir():
                # A link that leads nowhere is a damaged dataset; one that has just been deleted is none.
                with contextlib.suppress(OSError):
                    if is_whole(path):
                        found.append((-(path / _INDEX).lstat().st_mtime, path.name))
        except FileNotFoundError:
            return ()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ChooseAnother("files.not_readable", path=self._layout.datasets, reason=reason) from error
        return tuple(name for _, name in sorted(found))

    def create(self, title: str) -> str:
        """An empty dataset; its name, made from the title."""
        title = _title(title)
        if not title:
            raise FixInput("dataset.no_title")
        while True:
            name = slug_from(title, is_taken=self._is_taken)
            created = Dataset(title=title, created_at=now())
            try:
                with building(self._layout.datasets / name) as folder:
                    write_bytes(folder / _INDEX, _content(created))
            except FileExistsError:
                continue
            return name

    def delete(self, name: str) -> str:
        """Into the trash, pictures and all; the token gives it back."""
        folder, title = self._folder(name), name
        with contextlib.suppress(LookAtLog):  # a damaged one can go
            title = self.load(name).title
        with self._turn(name):
            token = self._trash.put("dataset", name, [(DATASET, folder)], title=title)
        self._cache.pop(name, None)
        return token

    def restore(self, token: str) -> str:
        """Undo of `delete`; the name, a free one where the old one is in use again.

        Raises:
            ChooseAnother: nothing in the trash has this token.
        """
        old = self._trash.entry(token, "dataset").name
        name = slug_from(old, is_taken=self._is_taken)
        self._trash.take_out(token, [(DATASET, self._layout.datasets / name)])
        return name

    # -- one dataset ---------------------------------------------------------------------------------------------------
    def folder(self, name: str) -> Path:
        """Where everything of a dataset lies.

        Raises:
            ChooseAnother: there is none of that name.
        """
        return self._folder(name)

    def picture(self, name: str, file: str) -> Path:
        """The picture as it is trained on: upright, RGB."""
        return self._folder(name) / "images" / file

    def thumbnail(self, name: str, file: str) -> Path:
        """A small JPEG of it for pages."""
        return self._folder(name) / "thumbnails" / f"{file}.jpg"

    def load(self, name: str) -> Dataset:
        """The dataset as it is on disk now; cheap while it has not changed.

        Raises:
            ChooseAnother: there is none of that name.
            LookAtLog: its index cannot be read.
        """
        path = self._folder(name) / _INDEX
        try:
            state = _state(path)
            cached = self._cache.get(name)
            if cached and cached.state == state:
                return cached.dataset
            dataset = Dataset.model_validate_json(read_bytes(path, limit=LARGEST_INDEX_BYTES))
        except (ValueError, OSError, StudioError) as error:
            self._folder(name)  # it may have been deleted in this moment
            _LOG.warning("%s cannot be read: %s", path, error)
            raise LookAtLog("dataset.index_damaged", path=path, reason=_reason(error)) from error
        self._cache[name] = _Cached(state, dataset)
        return dataset

    def change(self, name: str, change: Callable[[Dataset], Dataset]) -> Dataset:
        """Replace the dataset by `change` of what it is now; nobody else writes meanwhile."""
        with self._turn(name):
            present = self.load(name)
            changed = change(present)
            if changed == present:
                return present
            return self._write(name, changed.model_copy(update={"revision": present.revision + 1}))

    # -- pictures ------------------------------------------------------------------------------------------------------
    def take_in(self, name: str, pictures: Sequence[NewPicture]) -> int:
        """Add pictures that have been read, files first, index last; how many were new.

        Raises:
            FixInput: the dataset is full; what fits was taken in.
        """
        folder = self._folder(name)
        added, is_full = 0, False

        def add(dataset: Dataset) -> Dataset:
            nonlocal added, is_full
            names = FreeNames(dataset.entries)
            known = {entry.original_sha256 for entry in dataset.entries}
            fresh: list[DatasetEntry] = []
            for new in pictures:
                if new.entry.original_sha256 in known:
                    continue
                if len(dataset.entries) + len(fresh) >= MOST_PICTURES:
                    is_full = True
                    break
                entry = names.give(new.entry)
                with _as_ours(folder):
                    put_files(new, entry, folder)
                known.add(entry.original_sha256)
                fresh.append(entry)
            added = len(fresh)
            if fresh:
                sync_folders(folder)
            return dataset.model_copy(update={"entries": (*dataset.entries, *fresh)})

        self.change(name, add)
        if is_full:
            raise FixInput("dataset.too_many", most=MOST_PICTURES)
        return added

    def remove(self, name: str, files: Sequence[str]) -> int:
        """Delete pictures for good; how many."""
        gone = frozenset(files)
        before = self.load(name)
        removed = [entry for entry in before.entries if entry.file in gone]
        self.change(
            name,
            lambda dataset: dataset.model_copy(
                update={"entries": tuple(entry for entry in dataset.entries if entry.file not in gone)}
            ),
        )
        folder = self._folder(name)
        for entry in removed:
            for path in (f"originals/{entry.original}", f"images/{entry.file}", f"thumbnails/{entry.file}.jpg"):
                with contextlib.suppress(OSError):
                    (folder / path).unlink(missing_ok=True)
        return len(removed)

    def _write(self, name: str, dataset: Dataset) -> Dataset:
        path = self._layout.datasets / name / _INDEX
        write_bytes(path, _content(dataset))
        self._cache[name] = _Cached(_state(path), dataset)
        return dataset

    def _is_taken(self, name: str) -> bool:
        return holds_anything(self._layout.datasets / name)

    def _folder(self, name: str) -> Path:
        folder = self._layout.datasets / name
        if name_fault(name) is not None or not os.path.lexists(folder / _INDEX):
            listed = ", ".join(self.names()) or "–"
            raise ChooseAnother("dataset.not_found", name=name[:60], listed=listed)
        return folder

    @contextlib.contextmanager
    def _turn(self, name: str) -> Iterator[None]:
        lock = FileLock(self._folder(name) / ".lock", timeout=LOCK_SECONDS)
        try:
            with lock:
                yield
        except Timeout as error:
            raise Wait("dataset.busy", name=name) from error


@contextlib.contextmanager
def _as_ours(path: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        raise cannot_write(path, error) from error


def _title(given: str) -> str:
    """On one line and without what a terminal or a JSON file would trip over."""
    line = "".join(" " if unicodedata.category(character) in ("Cc", "Cs") else character for character in given)
    return " ".join(line.split())[:LONGEST_TITLE].strip()


def _content(dataset: Dataset) -> bytes:
    """The index as it is written, after it was read back: what cannot be read again is never put on disk.

    Raises:
        FixInput: it holds something that an index cannot hold, or is too large.
    """
    try:
        content = dataset.model_dump_json().encode()
        Dataset.model_validate_json(content)
    except ValueError as error:
        raise FixInput("dataset.index_refused", reason=_reason(error)) from error
    if len(content) > LARGEST_INDEX_BYTES:
        raise FixInput("dataset.index_large", size=len(content), limit=LARGEST_INDEX_BYTES)
    return content


def _reason(error: Exception) -> str:
    """One line of it, for a message."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        return f"{where}: {first['msg']}" if where else first["msg"]
    return str(error)[:200] or type(error).__name__


def _state(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size
