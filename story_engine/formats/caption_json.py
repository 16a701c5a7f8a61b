"""Captions in JSON: lines as Hugging Face, DiffSynth and data-juicer write them, one list, kohya's metadata, sidecars.

Source: Hugging Face `imagefolder` (`file_name` beside any column), DiffSynth-Studio 2 (`image`, `prompt`), the
challenge's notebook (`image` a list of absolute paths), py-data-juicer 1.6.1 (`text` with special tokens, `images`),
kohya-ss `merge_captions_to_metadata.py` and `FineTuningDataset` (`{key: {"caption", "tags"}}`, joined by a comma).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from story_engine.domain.caption_rows import FILE_COLUMNS, TEXT_COLUMNS, CaptionRow, CaptionTable, RowFault, column_of
from story_engine.errors import FixInput

_TOKEN = re.compile(r"\s*<\|?__dj__[a-z_]+\|?>\s*")
_IMAGE_TOKEN = "<__dj__image>"
_CHUNK_END = "<|__dj__eoc|>"
_MOST_LINES = 200_000
_LARGEST_LINE = 1_000_000
_LARGEST_WHOLE = 16_000_000
"""Characters: JSON becomes twenty times as large in memory."""


def read_caption_lines(text: str, *, name: str) -> CaptionTable:
    """The captions of a `.jsonl` file; a whole list or object under that name is read too.

    Raises:
        FixInput: not one line is JSON that names a picture and a text.
    """
    rows: list[CaptionRow] = []
    faults: list[RowFault] = []
    # Not splitlines: a caption may hold U+2028, which JSON does not escape.
    for number, line in enumerate(text.split("\n", _MOST_LINES), start=1):
        if number > _MOST_LINES:
            faults.append(RowFault(number, "too_many"))
        elif line.strip():
            found = _samples(_parsed(line, _LARGEST_LINE), number)
            if found is None:
                faults.append(RowFault(number, "unreadable"))
            elif not found:
                faults.append(RowFault(number, "no_caption"))
            else:
                rows += found
    if rows or not faults:
        return CaptionTable(tuple(rows), tuple(faults))
    whole = _whole(_parsed(text, _LARGEST_WHOLE))
    if whole is None:
        raise FixInput("dataset.captions_line", name=name, line=faults[0].line)
    return whole


def read_caption_json(text: str, *, name: str) -> CaptionTable | None:
    """The captions of a `.json` file; None when it holds something else, as most such files do.

    Raises:
        FixInput: it is no JSON.
    """
    parsed = _parsed(text, _LARGEST_WHOLE)
    if parsed is not None:
        return _whole(parsed)
    try:
        return read_caption_lines(text, name=name)
    except FixInput:
        if text.lstrip()[:1] in ("{", "["):
            raise
        return None


def sidecar_caption(text: str) -> str | None:
    """The caption in a JSON file that lies beside one picture; None when it has none."""
    parsed = _parsed(text, _LARGEST_WHOLE)
    return _text_of(parsed) if isinstance(parsed, Mapping) else None


def _whole(parsed: object) -> CaptionTable | None:
    if isinstance(parsed, list):
        found = [_samples(each, place) for place, each in enumerate(parsed, start=1)]
        faults = tuple(
            RowFault(place, "unreadable" if each is None else "no_caption")
            for place, each in enumerate(found, start=1)
            if not each
        )
        rows = tuple(row for each in found for row in each or ())
        return CaptionTable(rows, faults) if rows else None
    if isinstance(parsed, Mapping):
        one = _samples(parsed, 1)
        rows = tuple(one) if one else tuple(_keyed(parsed))
        return CaptionTable(rows) if rows else None
    return None


def _keyed(parsed: Mapping[str, object]) -> Iterator[CaptionRow]:
    """Kohya's form: path or bare name → what is known of that picture."""
    for place, (key, value) in enumerate(parsed.items(), start=1):
        text = _text_of(value) if isinstance(value, Mapping) else None
        if text is None and isinstance(value, str) and re.search(r"\.[a-z0-9]{3,4}$", key, re.IGNORECASE):
            text = value
        if text is not None:
            yield CaptionRow(key, text, place)


def _parsed(text: str, largest: int) -> object:
    try:
        return json.loads(text) if len(text) <= largest else None
    except (ValueError, RecursionError):
        return None


def _samples(data: object, number: int) -> list[CaptionRow] | None:
    """The captions of one sample: empty without a text, None when it names no picture."""
    if not isinstance(data, Mapping):
        return None
    names = [str(key) for key in data]
    column = column_of(names, FILE_COLUMNS)
    pictures = list(data.values())[column] if column is not None else None
    pictures = [pictures] if isinstance(pictures, str | Mapping) else pictures
    if not isinstance(pictures, list) or not pictures:
        return None
    paths = [each.get("path") if isinstance(each, Mapping) else each for each in pictures]
    if not all(isinstance(path, str) and path.strip() for path in paths):
        return None
    text = _text_of(data)
    if text is None:
        return []
    texts = _per_picture(text, len(paths))
    return [CaptionRow(str(path), each, number) for path, each in zip(paths, texts, strict=True)]


def _text_of(data: Mapping[str, object]) -> str | None:
    """The caption; kohya's tags follow its caption, as its trainer joins them."""
    by_name = {str(key).strip().lower(): value for key, value in data.items()}
    tags = _joined(by_name.get("tags"))
    for name in TEXT_COLUMNS:
        text = _joined(by_name.get(name))
        if text is not None:
            return f"{text}, {tags}" if name == "caption" and tags and text.strip() else text
    return None


def _joined(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return None


def _per_picture(text: str, count: int) -> list[str]:
    """data-juicer writes one text for all pictures of a sample; its tokens say which part belongs to which picture."""
    chunks = [chunk for chunk in text.split(_CHUNK_END) if chunk.strip()] if count > 1 else [text]
    marks = [chunk.count(_IMAGE_TOKEN) for chunk in chunks]
    if count > 1 and sum(marks) == count:
        return [_bare(chunk) for chunk, marked in zip(chunks, marks, strict=True) for _ in range(marked)]
    return [_bare(text)] * count


def _bare(text: str) -> str:
    return _TOKEN.sub(" ", text).strip()
