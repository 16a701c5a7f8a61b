"""The files of pictures on their way into a dataset: written beside its own first, then moved under free names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from story_engine.domain.dataset import DatasetEntry
from story_engine.domain.safe_name import same_file
from story_engine.store.folders import make_folder, sync_file, sync_folder

FOLDERS = ("images", "originals", "thumbnails")
"""Of a dataset: as trained on, as they came, small JPEGs for pages."""


@dataclass(frozen=True, slots=True)
class NewPicture:
    """A picture that has been read, with its files written beside the dataset's own, waiting to be taken in."""

    entry: DatasetEntry
    """Its names are requests: they are changed where they are taken."""
    original: Path
    image: Path
    thumbnail: Path


class FreeNames:
    """Names that no picture of a dataset has, not even on a file system that is blind to case."""

    def __init__(self, entries: tuple[DatasetEntry, ...]) -> None:
        self._files = {same_file(entry.file.rpartition(".")[0]) for entry in entries}
        self._originals = {same_file(entry.original) for entry in entries}

    def give(self, entry: DatasetEntry) -> DatasetEntry:
        """The entry under names of its own."""
        stem, _, ending = entry.file.rpartition(".")
        came_as = entry.original.rpartition(".")[2]
        name, count = stem, 1
        while same_file(name) in self._files or same_file(f"{name}.{came_as}") in self._originals:
            count += 1
            name = f"{stem}-{count}"
        self._files.add(same_file(name))
        self._originals.add(same_file(f"{name}.{came_as}"))
        return entry.model_copy(update={"file": f"{name}.{ending}", "original": f"{name}.{came_as}"})


def put_files(new: NewPicture, entry: DatasetEntry, folder: Path) -> None:
    """Move a picture's files to where `entry` says, synced; the index may name them afterwards.

    Raises:
        OSError: the disk is full or cannot be written.
    """
    targets = (f"originals/{entry.original}", f"images/{entry.file}", f"thumbnails/{entry.file}.jpg")
    for source, target in zip((new.original, new.image, new.thumbnail), targets, strict=True):
        path = folder / target
        make_folder(path.parent)
        sync_file(source)
        source.replace(path)


def sync_folders(folder: Path) -> None:
    """Make the names of all pictures durable."""
    for part in FOLDERS:
        sync_folder(folder / part)
