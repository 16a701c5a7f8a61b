"""Captions for pictures that a dataset has already: they fill what is empty, and never replace what somebody wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from story_engine.domain.caption_places import Assigned, PlacedTable, Places, Sidecar, assign
from story_engine.domain.captions import one_line, shortened
from story_engine.domain.dataset import LONGEST_CAPTION, DatasetEntry
from story_engine.jobs.imports.caption_files import CaptionFiles
from story_engine.jobs.imports.names import ending_of, stem_for
from story_engine.jobs.imports.passed_over import PassedOverList
from story_engine.jobs.imports.sources import report_unmatched
from story_engine.store.dataset_captions import DatasetCaptions
from story_engine.store.datasets import DatasetStore

LONGEST_CAPTION_TAKEN = LONGEST_CAPTION - 100
"""Characters: what follows is not read by any text encoder, and a trigger word still goes in front."""


def fill(
    store: DatasetStore,
    name: str,
    *,
    again: Mapping[str, str],
    alone: Iterable[CaptionFiles],
    passed: PassedOverList,
) -> int:
    """Give captions to pictures without one; how many.

    Args:
        store: of datasets.
        name: of the dataset.
        again: SHA-256 of pictures that were brought in once more → their caption.
        alone: captions that came without any picture: they name pictures of the dataset.
        passed: gets captions that no picture asked for, or that a picture has another one of.
    """
    entries = store.load(name).entries
    found: Assigned[str] = Assigned()
    for entry in entries:
        if again.get(entry.original_sha256):
            found.give([entry.file], again[entry.original_sha256])
    places = Places((path, entry.file) for entry in entries for path in {entry.file, entry.original})
    for files in alone:
        sidecars = [Sidecar(_named(each.place), each.text) for each in files.sidecars]
        tables = [_renamed(each) for each in files.tables]
        assign(places, sidecars, tables, found)
    report_unmatched(found, passed, shown=str)
    return _put(store, name, entries, found.captions, passed)


def caption_for(text: str, name: str, passed: PassedOverList) -> str:
    """A caption as datasets keep it: on one line, and no longer than can be worked with."""
    line = one_line(text)
    if len(line) > LONGEST_CAPTION_TAKEN:
        passed.add("dataset.captions_cut", str(LONGEST_CAPTION_TAKEN), [name])
    return shortened(line, LONGEST_CAPTION_TAKEN)


def _put(
    store: DatasetStore,
    name: str,
    entries: Iterable[DatasetEntry],
    captions: Mapping[str, str],
    passed: PassedOverList,
) -> int:
    given: dict[str, str] = {}
    for entry in entries:
        caption = caption_for(captions.get(entry.file, ""), entry.file, passed)
        if caption and not entry.caption:
            given[entry.file] = caption
        elif caption and caption != one_line(entry.caption):
            passed.add("dataset.captions_kept", "", [entry.file])
    return DatasetCaptions(store).fill_captions(name, given) if given else 0


def _renamed(placed: PlacedTable) -> PlacedTable:
    rows = tuple(replace(row, picture=_named(row.picture)) for row in placed.table.rows)
    return replace(placed, table=replace(placed.table, rows=rows))


def _named(path: str) -> str:
    """The path with the name that the picture has in a dataset."""
    place = PurePosixPath(path.strip().replace("\\", "/"))
    ending = ending_of(place.name)
    return str(place.with_name(f"{stem_for(place.name)}{'' if ending == '.bin' else ending}")) if place.name else path
