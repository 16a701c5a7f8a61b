"""Titles of many stories, to choose from: two hundred of them in the time that it takes to read a few stories whole."""

from __future__ import annotations

import contextlib

from story_engine.errors import FixInput
from story_engine.store.safe_yaml import decode, first_text
from story_engine.store.story_file import StoryFile


class StoryTitles:
    """What was read once is remembered until the file changes."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[int, int], str | None]] = {}

    def of(self, file: StoryFile) -> str | None:
        """The title in a file; None where the file has to be read whole to know it, and where there is none."""
        try:
            stat = file.path.stat()
        except OSError:
            return None
        stamp = (stat.st_size, stat.st_mtime_ns)
        known = self._known.get(file.slug)
        if known is None or known[0] != stamp:
            found = None
            with contextlib.suppress(FixInput):
                found = first_text(decode(file.head()), "title")
            known = self._known[file.slug] = (stamp, found)
        return known[1]
