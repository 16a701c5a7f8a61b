"""`metadata.csv` as DiffSynth's text-to-image trainer reads it: `file_name,text`, UTF-8 with a byte order mark.

Source: DiffSynth-Studio 1.1.9, `diffsynth/trainers/text_to_image.py`, and the challenge's baseline notebook
(`encoding="utf-8-sig"`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from story_engine.errors import FixInput

FILE_NAME = "metadata.csv"
ENCODING = "utf-8-sig"
_FILE_COLUMNS = ("file_name", "image", "file")
_TEXT_COLUMNS = ("text", "prompt", "caption")


def as_metadata_csv(pictures: Iterable[tuple[str, str]]) -> bytes:
    """The file for (file name, caption) pairs. Captions go in as they are: a trainer reads this, not a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("file_name", "text"))
    writer.writerows(pictures)
    return text.getvalue().encode(ENCODING)


def read_metadata_csv(content: bytes, *, name: str = FILE_NAME) -> dict[str, str]:
    """File name → caption.

    Raises:
        FixInput: not UTF-8, or without the two columns.
    """
    try:
        rows = list(csv.reader(io.StringIO(content.decode(ENCODING), newline=""), strict=False))
    except (UnicodeDecodeError, csv.Error) as error:
        raise FixInput("dataset.captions_unreadable", name=name, reason=str(error)[:120]) from error
    head = [column.strip().lower() for column in rows[0]] if rows else []
    file = next((head.index(column) for column in _FILE_COLUMNS if column in head), None)
    text = next((head.index(column) for column in _TEXT_COLUMNS if column in head), None)
    if file is None or text is None:
        raise FixInput("dataset.captions_columns", name=name, columns=", ".join(head)[:120] or "–")
    return {row[file]: row[text] for row in rows[1:] if len(row) > max(file, text)}
