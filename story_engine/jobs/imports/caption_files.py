"""Files with captions: which they are, and what they say, whatever their encoding and form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from story_engine.domain.caption_places import Picture, PlacedTable, Places, Sidecar
from story_engine.domain.caption_rows import CaptionTable
from story_engine.domain.picture_import import Refused
from story_engine.errors import StudioError
from story_engine.formats.caption_csv import is_caption_csv, read_caption_csv
from story_engine.formats.caption_json import read_caption_json, read_caption_lines, sidecar_caption
from story_engine.formats.text_encoding import Neighbours, decode
from story_engine.jobs.imports.passed_over import PassedOverList

LARGEST_SIDECAR_BYTES = 1_000_000
LARGEST_TABLE_BYTES = 50_000_000
LARGEST_TEXTS_BYTES = 50_000_000
"""Of all captions of one import together: they are held in memory until their pictures come."""
_SIDECARS = frozenset({".txt", ".caption", ".captions", ".cap"})
_CSV = frozenset({".csv", ".tsv"})
_LINES = frozenset({".jsonl", ".ndjson"})
_FAULTS = {
    "unreadable": "dataset.captions_rows_unreadable",
    "no_caption": "dataset.captions_rows_empty",
    "quote": "dataset.captions_rows_mended",
    "too_many": "dataset.captions_rows_many",
}


@dataclass(slots=True)
class CaptionFiles:
    """What the caption files of one folder or archive say."""

    sidecars: list[Sidecar] = field(default_factory=list)
    tables: list[PlacedTable] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def is_caption_file(name: str) -> bool:
    """Whether a file of this name holds captions; of a `.json` only its content says so."""
    return _ending(name) in _SIDECARS | _CSV | _LINES | {".json"}


def is_sidecar(name: str) -> bool:
    """Whether a file of this name holds the caption of the picture beside it."""
    return _ending(name) in _SIDECARS


def largest_bytes(name: str) -> int:
    """Of a file with captions: one for a single picture is short."""
    return LARGEST_SIDECAR_BYTES if is_sidecar(name) else LARGEST_TABLE_BYTES


def read_caption_files(
    files: Sequence[tuple[str, bytes]], pictures: Places[Picture], *, label: str, passed: PassedOverList
) -> CaptionFiles:
    """Read all caption files of one folder or archive.

    Args:
        files: (place, content) of each.
        pictures: of the same folder or archive.
        label: put before the names of files, for people; empty for none.
        passed: gets rows that could not be read, and of encodings that had to be guessed.
    """
    found = CaptionFiles()
    neighbours = Neighbours(content for _, content in files)
    for place, content in files:
        shown = f"{label}: {place}" if label else place
        try:
            text = decode(content, name=shown, neighbours=neighbours)
            if text.is_guess:
                passed.add("dataset.captions_encoding", text.encoding, [shown])
            _read(place, text.text, shown, pictures, found, passed)
        except StudioError as error:
            found.refused.append(refusal(shown, error))
    return found


def refusal(name: str, error: StudioError) -> Refused:
    """A file that is left out, as data."""
    return Refused(name, error.code, {key: _plain(value) for key, value in error.values.items()})


def _read(
    place: str, text: str, shown: str, pictures: Places[Picture], found: CaptionFiles, passed: PassedOverList
) -> None:
    ending = _ending(place)
    if ending in _SIDECARS and (_has_picture(place, pictures) or not is_caption_csv(text)):
        _put_sidecar(place, text, found)
    elif ending in _SIDECARS or ending in _CSV:  # as Excel saves "Unicode text", and as some sets call their table
        _put_table(place, shown, read_caption_csv(text, name=shown), found, passed)
    elif ending in _LINES:
        _put_table(place, shown, read_caption_lines(text, name=shown), found, passed)
    else:
        beside = sidecar_caption(text) if _has_picture(place, pictures) else None
        table = read_caption_json(text, name=shown) if beside is None else None
        if beside is not None:
            _put_sidecar(place, beside, found)
        elif table is not None:
            _put_table(place, shown, table, found, passed)
        else:
            passed.add("dataset.passed_files", "", [shown])


def _has_picture(place: str, pictures: Places[Picture]) -> bool:
    stem = str(PurePosixPath(place).with_suffix(""))
    return bool(pictures.named(stem) or pictures.at(stem))


def _put_sidecar(place: str, text: str, found: CaptionFiles) -> None:
    if text.strip():
        found.sidecars.append(Sidecar(place, text))


def _put_table(place: str, shown: str, table: CaptionTable, found: CaptionFiles, passed: PassedOverList) -> None:
    for fault in table.faults:
        passed.add(_FAULTS[fault.code], shown, [str(fault.line)])
    found.tables.append(PlacedTable(place, table, shown))


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float) else str(value)
