"""Bring pictures into a dataset: each is read in another process, kept as it came, and taken in or refused by name.

The index is saved every few seconds, so that what has been taken in stays when this process ends; the same order
given again goes on from there, since pictures that the dataset has are passed over.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from story_engine.domain.dataset import DatasetEntry
from story_engine.domain.job import Progress
from story_engine.domain.picture_import import Refused
from story_engine.errors import Cancelled, FixInput, StudioError, Wait
from story_engine.formats.outside_picture import LARGEST_BYTES
from story_engine.jobs.imports.caption_files import refusal
from story_engine.jobs.imports.incoming import Incoming
from story_engine.jobs.imports.names import ending_of, stem_for
from story_engine.jobs.imports.passed_over import PassedOverList
from story_engine.jobs.imports.picture_reader import PictureReader
from story_engine.jobs.imports.present_captions import caption_for, fill
from story_engine.jobs.imports.sources import Candidate, Sources
from story_engine.store.atomic import cannot_write, read_bytes
from story_engine.store.dataset_pictures import NewPicture
from story_engine.store.datasets import DatasetStore
from story_engine.store.layout import Layout

SAVE_SECONDS = 2.0
SAVE_PICTURES = 64
MOST_REFUSED = 500
"""Names that are kept, all are counted; of a folder of ten thousand wrong files nobody reads more."""

NOTED = {"metadata": "dataset.noted_metadata", "profile": "dataset.noted_profile"}
"""What is odd about a picture that was taken in → message code."""


def run(
    spec: dict[str, Any], *, report: Callable[[Progress], None], should_stop: Callable[[], bool], layout: Layout
) -> dict[str, object]:
    """Bring in what `{"dataset": name, "sources": […]}` asks for; what came of it, as `PictureImport` has it.

    Raises:
        StudioError: a whole source cannot be used, or the disk cannot be written; what was taken in stays.
        Cancelled: `should_stop` answered yes; what was taken in stays.
    """
    store = DatasetStore(layout)
    name = str(spec["dataset"])
    work = Incoming(store.folder(name)).work(str(spec.get("id", "import")))
    shutil.rmtree(work, ignore_errors=True)
    try:
        work.mkdir(parents=True)
    except OSError as error:
        raise cannot_write(work, error) from error
    try:
        with PictureReader(should_stop=should_stop) as reader:
            importing = _Import(store, name, work, reader, report, should_stop)
            sources = Sources(spec["sources"], layout, importing.passed)
            try:
                importing.take(sources.candidates(on_total=importing.add_total))
            finally:
                importing.save()
            filled = fill(store, name, again=importing.again, alone=sources.alone, passed=importing.passed)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    passed_over = [asdict(each) for each in importing.passed.listed()]
    return importing.result() | {"captions": filled, "passed_over": passed_over}


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
        self.passed = PassedOverList()
        self.again: dict[str, str] = {}
        self._refused_count = 0

    def add_total(self, count: int) -> None:
        self._total += count

    def take(self, found: Iterable[Candidate | Refused]) -> None:
        for each in found:
            if self._should_stop():
                raise Cancelled("dataset.import_cancelled")
            self._step += 1
            if isinstance(each, Refused):
                self._refuse(each)
            else:
                self._take_one(each)
            self._tell(each.name)
            if len(self._waiting) >= SAVE_PICTURES or time.monotonic() - self._saved_at > SAVE_SECONDS:
                self.save()

    def save(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._added += self._store.take_in(self._name, waiting)
        self._saved_at = time.monotonic()

    def result(self) -> dict[str, object]:
        return {
            "added": self._added,
            "same": self._same,
            "refused": [asdict(each) for each in self._refused],
            "refused_count": self._refused_count,
        }

    def _take_one(self, candidate: Candidate) -> None:
        try:
            content = _bytes_of(candidate)
            sha256 = hashlib.sha256(content).hexdigest()
            if sha256 in self._known:
                self._same += 1
                if candidate.caption:
                    self.again.setdefault(sha256, candidate.caption)
                return
            self._waiting.append(self._read(candidate, content))
            self._known.add(sha256)
        except FixInput as error:
            self._refuse(refusal(candidate.name, error))
            if candidate.caption:
                self.passed.add("dataset.passed_with_picture", "", [candidate.name])

    def _read(self, candidate: Candidate, content: bytes) -> NewPicture:
        original = self._work / f"{secrets.token_hex(8)}.original"
        try:
            original.write_bytes(content)
        except OSError as error:
            raise cannot_write(original, error) from error
        try:
            read = self._reader.read(original, name=candidate.name, into=self._work)
        except FixInput:
            original.unlink(missing_ok=True)
            raise
        for note in read.notes:
            self.passed.add(NOTED[note], "", [candidate.name])
        stem = stem_for(candidate.name)
        entry = DatasetEntry(
            file=f"{stem}{read.ending}",
            original=f"{stem}{ending_of(candidate.name)}",
            source=candidate.source,
            width=read.width,
            height=read.height,
            sha256=read.sha256,
            original_sha256=read.original_sha256,
            perceptual_hash=read.perceptual_hash,
            caption=caption_for(candidate.caption, candidate.name, self.passed),
            changed=read.changed,
            notes=read.notes,
        )
        return NewPicture(entry, original, read.image, read.thumbnail)

    def _refuse(self, refused: Refused) -> None:
        self._refused_count += 1
        if len(self._refused) < MOST_REFUSED:
            self._refused.append(refused)

    def _tell(self, name: str) -> None:
        seconds = (time.monotonic() - self._began_at) / self._step
        left = max(0, self._total - self._step)
        self._report(
            Progress(
                stage="reading",
                step=self._step,
                total=max(self._total, self._step),
                seconds_per_step=seconds,
                eta_seconds=seconds * left,
                note=name,
            )
        )


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
