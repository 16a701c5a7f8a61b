"""Captions in a table: `metadata.csv`, TSV, and what Excel makes of it in countries that write 0,5 for a half.

Such tables are written by hand and by scripts that never heard of quoting. A row is read as what it can only mean (a
caption with bare commas, a quote that is never closed), and what was mended or left out is counted by line.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass

from story_engine.domain.caption_rows import FILE_COLUMNS, TEXT_COLUMNS, CaptionRow, CaptionTable, RowFault, column_of
from story_engine.errors import FixInput

_DELIMITERS = (",", "\t", ";", "|", "，")
_NUMBER = re.compile(r"\d+")
_LINE_ENDS = re.compile(r"\r\n|\r|\n")
_PICTURE = re.compile(
    r"\.(png|jpe?g|jpe|jfif|webp|bmp|dib|tiff?|gif|avif|heic|heif|jxl|jp2|tga|ppm|ico)$", re.IGNORECASE
)
_LONGEST_RECORD = 60
"""Lines of one quoted caption; a quote that stays open longer was never meant as one."""
_LONGEST_LINE = 100_000
_MOST_LINES = 200_000
_MOST_OPEN_QUOTES = 1_000
"""From then on no quote may hold the end of a line: looking for the other one costs time."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """How the table is laid out."""

    delimiter: str
    width: int
    file: int
    text: int
    has_head: bool


def read_caption_csv(text: str, *, name: str) -> CaptionTable:
    """The captions of a table with or without a first line of names.

    Args:
        text: the decoded file.
        name: of the file, for messages.

    Raises:
        FixInput: no two columns are clearly file names and captions.
    """
    lines = _LINE_ENDS.split(text, _MOST_LINES)
    first = next((place for place, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise FixInput("dataset.captions_columns", name=name, columns="–")
    wanted = re.fullmatch(r'"?sep=(.)"?', lines[first].strip(), re.IGNORECASE)
    if wanted:  # Excel's own first line
        first += 1
    shape = _shape(lines[first : first + 50], wanted.group(1) if wanted else None)
    if shape is None:
        head = lines[first][:_LONGEST_LINE] if first < len(lines) else ""
        columns = ", ".join(cell.strip() for cell in head.split(","))
        raise FixInput("dataset.captions_columns", name=name, columns=columns[:120] or "–")
    rows: list[CaptionRow] = []
    faults: list[RowFault] = []
    if len(lines) > _MOST_LINES:
        lines.pop()
        faults.append(RowFault(_MOST_LINES + 1, "too_many"))
    for line, cells, is_mended in _records(lines, first + shape.has_head, shape):
        if is_mended:
            faults.append(RowFault(line, "quote"))
        if not any(cell.strip() for cell in cells):
            continue
        picture, caption = _fitted(cells, shape)
        if not picture.strip():
            faults.append(RowFault(line, "unreadable"))
        elif caption is None:
            faults.append(RowFault(line, "no_caption"))
        else:
            rows.append(CaptionRow(picture, caption, line))
    return CaptionTable(tuple(rows), tuple(faults))


def is_caption_csv(text: str) -> bool:
    """Whether a text of any ending is such a table: its first line names the columns, or it begins with a picture."""
    start = [line for line in _LINE_ENDS.split(text, 3)[:3] if line.strip() and len(line) <= _LONGEST_LINE]
    shape = _shape(start, None)
    return shape is not None and (
        shape.has_head or _PICTURE.search(_cells(start[0], shape.delimiter)[0].strip()) is not None
    )


def _shape(lines: list[str], wanted: str | None) -> _Shape | None:
    lines = [line for line in lines if len(line) <= _LONGEST_LINE]
    delimiters = (wanted,) if wanted else _DELIMITERS
    for delimiter in delimiters:
        head = _cells(lines[0], delimiter) if lines else []
        file, text = column_of(head, FILE_COLUMNS), column_of(head, TEXT_COLUMNS)
        if file is not None and text is not None and file != text:
            return _Shape(delimiter, len(head), file, text, has_head=True)
    for delimiter in delimiters:
        shape = _unnamed(lines, delimiter)
        if shape is not None:
            return shape
    return None


def _unnamed(lines: list[str], delimiter: str) -> _Shape | None:
    """Two columns whose names say nothing, or no names: which one holds file names can be seen."""
    filled = [line for line in lines if line.strip()][:3]
    rows = [_cells(line, delimiter) for line in filled]
    if not rows or len(rows[0]) < 2:
        return None
    has_head = not any(_PICTURE.search(cell.strip()) for cell in rows[0])
    head = rows[0]
    if has_head and (len(rows) < 2 or len(head) != 2):
        return None  # more columns than two: which is the caption would be a guess
    sample = rows[1] if has_head else head
    file = next((place for place, cell in enumerate(sample[:2]) if _PICTURE.search(cell.strip())), None)
    if file is None:
        # A caption with bare commas before the file's name.
        file = 1 if _PICTURE.search(sample[-1].strip()) and len(sample) > 2 else None
    return None if file is None else _Shape(delimiter, 2, file, 1 - file, has_head)


def _records(lines: list[str], start: int, shape: _Shape) -> Iterator[tuple[int, list[str], bool]]:
    """(line number, cells, whether an open quote was mended) of each row."""
    place, opened = start, 0
    while place < len(lines):
        line = lines[place]
        if len(line) > _LONGEST_LINE:
            yield place + 1, ["", "…"], False
            place += 1
            continue
        if '"' not in line:
            yield place + 1, line.split(shape.delimiter), False
            place += 1
            continue
        cells = _strict([line], shape.delimiter)
        if cells is not None:
            yield place + 1, cells, False
            place += 1
            continue
        end = _closes_at(lines, place, shape) if opened < _MOST_OPEN_QUOTES else None
        opened += 1
        if end is None:
            yield place + 1, _unquoted(line, shape), True
            place += 1
        else:
            yield place + 1, _cells("\n".join(lines[place : end + 1]), shape.delimiter), False
            place = end + 1


def _closes_at(lines: list[str], place: int, shape: _Shape) -> int | None:
    """The line on which the quote that is open at the end of this one is closed; None if a new row begins first."""
    record = [lines[place]]
    for end in range(place + 1, min(len(lines), place + _LONGEST_RECORD)):
        line = lines[end]
        if _begins_row(line, shape, like=record[0]):
            return None
        record.append(line)
        if '"' in line.replace('""', "") and _strict(record, shape.delimiter) is not None:
            return end
    return None


def _begins_row(line: str, shape: _Shape, *, like: str) -> bool:
    """Whether the line is a row of its own: it names a picture, or what differs from this row's name in its number."""
    cells, others = line.split(shape.delimiter), like.split(shape.delimiter)
    if len(cells) < 2:
        return False
    # From the end where the column is the last: a caption before it may hold bare commas.
    place = shape.file if shape.file < shape.width - 1 else -1
    name, other = (each[place].strip().strip('"') if len(each) > abs(place) else "" for each in (cells, others))
    numbered = _NUMBER.sub("#", name)
    return _PICTURE.search(name) is not None or ("#" in numbered and numbered == _NUMBER.sub("#", other))


def _strict(record: list[str], delimiter: str) -> list[str] | None:
    """The cells of one row; None where a quote stays open. Quotes inside a bare cell are letters."""
    text = "\n".join(record)
    try:
        return _parsed(text, delimiter, strict=True)
    except csv.Error as error:
        if "unexpected end" in str(error):
            return None
        # Words behind a closing quote: the quotes are the caption's own, unless the file's name stands in some too.
        bare = text.split(delimiter)
        return _cells(text, delimiter) if bare[0].lstrip().startswith('"') else bare


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return _parsed(line, delimiter, strict=False)
    except csv.Error:
        return line.split(delimiter)


def _parsed(text: str, delimiter: str, *, strict: bool) -> list[str]:
    """One row; a blank before an opening quote is nobody's."""
    is_spaced = re.search(re.escape(delimiter) + r' +"(?!")', text) is not None
    return next(csv.reader([text], delimiter=delimiter, strict=strict, skipinitialspace=is_spaced), [])


def _unquoted(line: str, shape: _Shape) -> list[str]:
    """The cells of a row with a stray quote, which is taken away where it opens a cell."""
    cells = line.split(shape.delimiter)
    return [cell.removeprefix('"') if cell.count('"') % 2 else cell.strip('"') for cell in cells]


def _fitted(cells: list[str], shape: _Shape) -> tuple[str, str | None]:
    """(picture, caption) of a row that may have more or fewer cells than the table has columns."""
    while len(cells) > shape.width and not cells[-1].strip():
        cells = cells[:-1]
    extra = len(cells) - shape.width
    if extra > 0:
        cells = _joined(cells, shape, extra)
    if len(cells) <= max(shape.file, shape.text):
        return (cells[shape.file] if len(cells) > shape.file else ""), None
    return cells[shape.file].strip(), cells[shape.text]


def _joined(cells: list[str], shape: _Shape, extra: int) -> list[str]:
    """Bare delimiters stand in the caption, or, where only that gives the name of a picture, in the file's name."""
    texts_end = shape.text + extra + 1
    joined = [*cells[: shape.text], shape.delimiter.join(cells[shape.text : texts_end]), *cells[texts_end:]]
    if _PICTURE.search(joined[shape.file].strip()) or shape.file > shape.text:
        return joined
    for end in range(shape.file + 1, shape.file + extra + 1):
        name = shape.delimiter.join(cells[shape.file : end + 1])
        if _PICTURE.search(name.strip()):
            rest = [*cells[: shape.file], name, *cells[end + 1 :]]
            return _joined(rest, shape, extra - (end - shape.file)) if len(rest) > shape.width else rest
    return joined
