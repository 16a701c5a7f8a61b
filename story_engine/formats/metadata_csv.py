"""`metadata.csv` as DiffSynth's text-to-image trainer reads it: `file_name,text`, UTF-8 with a byte order mark.

What other people's tables look like is the business of `caption_csv.py`.

Source: DiffSynth-Studio 1.1.9, `diffsynth/trainers/text_to_image.py`, and the challenge's baseline notebook
(`encoding="utf-8-sig"`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

FILE_NAME = "metadata.csv"
ENCODING = "utf-8-sig"


def as_metadata_csv(pictures: Iterable[tuple[str, str]]) -> bytes:
    """The file for (file name, caption) pairs. Captions go in as they are: a trainer reads this, not a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("file_name", "text"))
    writer.writerows(pictures)
    return text.getvalue().encode(ENCODING)
