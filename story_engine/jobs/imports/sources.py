"""Where pictures for a dataset come from: uploads, zips, folders, drawings, ModelScope. One stream for all of them.

Everything is listed and all captions are read before the first picture: which picture a caption belongs to can only be
decided when it is known which pictures there are (`domain/caption_places.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from story_engine.domain.caption_places import Assigned, Places, assign
from story_engine.domain.picture_import import SAMPLE_PICTURES, Refused
from story_engine.errors import StudioError
from story_engine.formats.outside_picture import LARGEST_BYTES
from story_engine.jobs.imports.caption_files import LARGEST_TEXTS_BYTES, CaptionFiles, read_caption_files, refusal
from story_engine.jobs.imports.containers import Container, listed
from story_engine.jobs.imports.passed_over import PassedOverList
from story_engine.store.layout import Layout

_Key = tuple[int, str]
"""Which container, and the place in it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may be a picture."""

    name: str
    """What people call it."""
    content: bytes | Path
    """Bytes, or a file of somebody else's that is only read."""
    source: str
    caption: str = ""


@dataclass(slots=True)
class Sources:
    """What an import was asked for, with the captions that were found for it."""

    asked: Sequence[Mapping[str, Any]]
    layout: Layout
    passed: PassedOverList
    alone: list[CaptionFiles] = field(default_factory=list)
    """Captions that came without any picture, for those that the dataset has; filled by `candidates`."""

    def candidates(self, *, on_total: Callable[[int], None]) -> Iterator[Candidate | Refused]:
        """Everything that the sources hold.

        Raises:
            StudioError: a whole source cannot be used.
        """
        containers: list[Container] = []
        for source in self.asked:
            if source["kind"] in ("files", "folder"):
                for found in listed(source, self.passed):
                    if isinstance(found, Refused):
                        yield found
                    else:
                        containers.append(found)
        on_total(sum(len(container.pictures) for container in containers))
        assigned: Assigned[_Key] = Assigned()
        yield from self._read_captions(containers, assigned)
        for number, container in enumerate(containers):
            yield from _pictures(number, container, assigned, self.passed)
        for source in self.asked:
            if source["kind"] == "sample":
                yield from _sample(source, on_total)
            elif source["kind"] == "modelscope":
                yield from _modelscope(source, self.layout, on_total)
            elif source["kind"] not in ("files", "folder"):
                raise ValueError(f"unknown kind of source: {source['kind']!r}")

    def _read_captions(self, containers: list[Container], assigned: Assigned[_Key]) -> Iterator[Refused]:
        budget = LARGEST_TEXTS_BYTES
        for number, container in enumerate(containers):
            own = Places((place, (number, place)) for place in container.pictures)
            texts: list[tuple[str, bytes]] = []
            try:
                for each in container.read_texts(budget):
                    if isinstance(each, Refused):
                        yield each
                    else:
                        texts.append(each)
                        budget -= len(each[1])
            except StudioError as error:
                yield refusal(container.label, error)
                container.pictures.clear()
                continue
            files = read_caption_files(texts, own, label=container.label, passed=self.passed)
            yield from files.refused
            if container.pictures:
                self._assign(own, files, container, assigned)
            elif any(other.pictures for other in containers):
                self._assign(_all_places(containers), files, container, assigned)
            elif files.sidecars or files.tables:
                self.alone.append(files)

    def _assign(
        self, places: Places[_Key], files: CaptionFiles, container: Container, assigned: Assigned[_Key]
    ) -> None:
        found: Assigned[_Key] = Assigned(captions=assigned.captions)
        assign(places, files.sidecars, files.tables, found)
        report_unmatched(found, self.passed, shown=container.shown)


def report_unmatched(found: Assigned[Any], passed: PassedOverList, *, shown: Callable[[str], str]) -> None:
    """Count captions that no picture asked for."""
    passed.add("dataset.passed_texts", "", map(shown, found.lonely_sidecars))
    passed.add("dataset.passed_second_texts", "", map(shown, found.second_sidecars))
    for table, pictures in found.lonely_rows.items():
        passed.add("dataset.passed_captions", table, pictures)
    for table, pictures in found.second.items():
        passed.add("dataset.passed_second", table, pictures)


def _all_places(containers: list[Container]) -> Places[_Key]:
    """For captions that came in a file of their own beside zips: a zip's one outermost folder may be left out."""
    places: list[tuple[str, _Key]] = []
    for number, container in enumerate(containers):
        outermost = {place.split("/")[0] if "/" in place else "" for place in container.pictures}
        for place in container.pictures:
            places.append((place, (number, place)))
            if len(outermost) == 1 and "/" in place:
                places.append((place.partition("/")[2], (number, place)))
    return Places(places)


def _pictures(
    number: int, container: Container, assigned: Assigned[_Key], passed: PassedOverList
) -> Iterator[Candidate | Refused]:
    captions = {place: text for (of, place), text in assigned.captions.items() if of == number}
    if not container.pictures:
        return
    try:
        for each in container.read_pictures(LARGEST_BYTES):
            if isinstance(each, Refused):
                yield each
            else:
                place, content = each
                yield Candidate(place, content, container.source or place, captions.pop(place, ""))
    except StudioError as error:
        yield refusal(container.label or container.source, error)
    passed.add("dataset.passed_with_picture", "", map(container.shown, captions))


def _sample(source: Mapping[str, Any], on_total: Callable[[int], None]) -> Iterator[Candidate]:
    from story_engine.jobs.imports.sample_pictures import pictures  # the drawing code loads for a second

    on_total(SAMPLE_PICTURES)
    for name, content, caption in pictures(source["style"], language=source["language"]):
        yield Candidate(name, content, source["style"], caption)


def _modelscope(
    source: Mapping[str, Any], layout: Layout, on_total: Callable[[int], None]
) -> Iterator[Candidate | Refused]:
    from story_engine.jobs.imports.modelscope_pictures import pictures  # an optional extra

    name = source["name"]
    cache = layout.workspace / "cache" / "modelscope"
    rows = pictures(name, subset=source["subset"], split=source["split"], cache=cache, on_total=on_total)
    for row in rows:
        yield row if isinstance(row, Refused) else Candidate(row[0], row[1], name, row[2])
