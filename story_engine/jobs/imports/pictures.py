"""Bring pictures into a dataset: each is read in another process, kept as it came, and taken in or refused by name.

The index is saved every few seconds, so that what has been taken in stays when this process ends; the same order
given again goes on from there, since pictures that the dataset has are passed over.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any

from story_engine.domain.dataset import DatasetEntry
from story_engine.domain.job import Progress
from story_engine.domain.picture_import import Refused
from story_engine.domain.safe_name import name_fault
from story_engine.errors import Cancelled, FixInput, StudioError, Wait
from story_engine.formats.outside_picture import LARGEST_BYTES
from story_engine.jobs.imports.picture_reader import PictureReader
from story_engine.jobs.imports.sources import Candidate, Captions, candidates, refusal
from story_engine.store.atomic import cannot_write, read_bytes
from story_engine.store.dataset_captions import DatasetCaptions
from story_engine.store.dataset_pictures import NewPicture
from story_engine.store.datasets import DatasetStore
from story_engine.store.layout import Layout
from story_engine.store.names import slug_from

SAVE_SECONDS = 2.0
SAVE_PICTURES = 64
MOST_REFUSED = 500
"""Names that are kept; of a folder of ten thousand wrong files nobody reads more."""


def run(
    spec: dict[str, Any], *, report: Callable[[Progress], None], should_stop: Callable[[], bool], layout: Layout
) -> dict[str, object]:
    """Bring in what `{"dataset": name, "sources": […]}` asks for; added, same, captions, refused.

    Raises:
        StudioError: a whole source cannot be used, or the disk cannot be written; what was taken in stays.
        Cancelled: `should_stop` said so; what was taken in stays.
    """
    store = DatasetStore(layout)
    name = str(spec["dataset"])
    work = store.folder(name) / "incoming" / "work"
    shutil.rmtree(work, ignore_errors=True)
    try:
        work.mkdir(parents=True)
    except OSError as error:
        raise cannot_write(work, error) from error
    try:
        with PictureReader() as reader:
            importing = _Import(store, name, work, reader, report, should_stop)
            captions = Captions()
            try:
                importing.take(candidates(spec["sources"], captions, layout, on_total=importing.add_total), captions)
            finally:
                importing.save()
            filled = _fill(store, name, captions)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return importing.result() | {"captions": filled}


class _Import:
    """One run: counters, and the pictures that wait for the next save."""

    def __init__(
        self,
        store: DatasetStore,
        name: str,
        work: Path,
        reader: PictureReader,
        report: Callable[[Progress], None],
        should_stop: Callable[[], bool],
    ) -> None:
        self._store, self._name, self._work, self._reader = store, name, work, reader
        self._report, self._should_stop = report, should_stop
        self._known = {entry.original_sha256 for entry in store.load(name).entries}
        self._waiting: list[NewPicture] = []
        self._saved_at = self._began_at = time.monotonic()
        self._total = self._step = self._added = self._same = 0
        self._refused: list[Refused] = []

    def add_total(self, count: int) -> None:
        self._total += count

    def take(self, found: Iterable[Candidate | Refused], captions: Captions) -> None:
        for each in found:
            if self._should_stop():
                raise Cancelled("dataset.import_cancelled")
            self._step += 1
            if isinstance(each, Refused):
                self._refuse(each)
            else:
                self._take_one(each, captions)
            self._tell(each.name)
            if len(self._waiting) >= SAVE_PICTURES or time.monotonic() - self._saved_at > SAVE_SECONDS:
                self.save()

    def save(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._added += self._store.take_in(self._name, waiting)
        self._saved_at = time.monotonic()

    def result(self) -> dict[str, object]:
        return {"added": self._added, "same": self._same, "refused": [asdict(each) for each in self._refused]}

    def _take_one(self, candidate: Candidate, captions: Captions) -> None:
        try:
            content = _bytes_of(candidate)
            sha256 = hashlib.sha256(content).hexdigest()
            if sha256 in self._known:
                self._same += 1
                return
            self._waiting.append(self._read(candidate, content, captions))
            self._known.add(sha256)
        except FixInput as error:
            self._refuse(refusal(candidate.name, error))

    def _read(self, candidate: Candidate, content: bytes, captions: Captions) -> NewPicture:
        original = self._work / f"{secrets.token_hex(8)}.original"
        try:
            original.write_bytes(content)
            read = self._reader.read(original, name=candidate.name, into=self._work)
        except FixInput:
            original.unlink(missing_ok=True)
            raise
        except OSError as error:
            raise cannot_write(original, error) from error
        stem = _stem(candidate.name)
        caption = candidate.caption if candidate.caption is not None else captions.of(candidate.name)
        entry = DatasetEntry(
            file=f"{stem}{read.ending}",
            original=f"{stem}{_ending(candidate.name)}",
            source=candidate.source,
            width=read.width,
            height=read.height,
            sha256=read.sha256,
            original_sha256=read.original_sha256,
            likeness=read.likeness,
            caption=" ".join(caption.split()),
            changed=read.changed,
        )
        return NewPicture(entry, original, read.image, read.thumbnail)

    def _refuse(self, refused: Refused) -> None:
        if len(self._refused) < MOST_REFUSED:
            self._refused.append(refused)

    def _tell(self, name: str) -> None:
        seconds = (time.monotonic() - self._began_at) / self._step
        left = max(0, self._total - self._step)
        self._report(
            Progress(
                stage="reading", step=self._step, total=max(self._total, self._step), seconds_per_step=seconds,
                eta_seconds=seconds * left, note=name,
            )
        )  # fmt: skip


def _bytes_of(candidate: Candidate) -> bytes:
    if isinstance(candidate.content, bytes):
        return candidate.content
    try:
        return read_bytes(candidate.content, limit=LARGEST_BYTES)
    except FileNotFoundError as error:
        raise FixInput("dataset.picture_gone", name=candidate.name) from error
    except Wait:
        raise
    except StudioError as error:
        raise FixInput(error.code, **error.values) from error


def _fill(store: DatasetStore, name: str, captions: Captions) -> int:
    """Captions whose pictures were there already."""
    present = {entry.file for entry in store.load(name).entries}
    left = {file: text for file, text in captions.left().items() if file in present}
    with contextlib.suppress(FixInput):  # one too long: the pictures matter more
        return DatasetCaptions(store).put_captions(name, left) if left else 0
    return 0


def _stem(name: str) -> str:
    """A file name that reads like the picture's own, without its ending."""
    stem = PurePosixPath(name.replace("\\", "/")).stem
    # Not only what the file system refuses: spaces and quotes trip up the tools that read the export.
    return slug_from(stem, is_taken=lambda _: False) if name_fault(stem) is not None or " " in stem else stem


def _ending(name: str) -> str:
    ending = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    return ending if ending.isascii() and ending[1:].isalnum() and len(ending) <= 6 else ".bin"
