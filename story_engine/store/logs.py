"""What dispatcher, children and imports have written down."""

from __future__ import annotations

import os
from pathlib import Path

from story_engine.store.layout import Layout

MOST_FILES = 30
MOST_BYTES = 256 * 1024
"""Of one file, from its end."""


class LogStore:
    """The logs of a workspace; nobody writes through here."""

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.logs

    def recent(self) -> list[tuple[str, str]]:
        """(file name, its last part), last changed first; what cannot be read says so in its text."""
        try:
            found = [Path(entry.path) for entry in os.scandir(self._folder) if entry.is_file(follow_symlinks=False)]
        except OSError:
            return []
        return [(path.name, _end_of(path)) for path in sorted(found, key=_changed, reverse=True)[:MOST_FILES]]


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _end_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - MOST_BYTES))
            text = file.read(MOST_BYTES).decode("utf-8", "replace")
    except OSError as error:
        return f"(cannot be read: {error.strerror})"
    # The first line may have lost its beginning, and with it what would have shown that a secret stands in it.
    return text if size <= MOST_BYTES else text.partition("\n")[2]
