"""The write-once revisions of one story. Creating the next one is the commit, and the compare-and-swap, of a save."""

from __future__ import annotations

import hashlib
import re
import time
from pathlib import Path

from story_engine.errors import StudioError
from story_engine.store.atomic import create_bytes, read_bytes, sweep
from story_engine.store.safe_yaml import LARGEST_BYTES

KEPT_WHOLE = 50
"""Newest revisions that are all kept; of older ones the last of each day."""
BEING_WRITTEN_SECONDS = 5.0
"""Where files cannot be linked, a revision grows before the eyes of others; older than this, its writer has ended."""
BEING_WRITTEN_PAUSE_SECONDS = 0.02
_NAME = re.compile(r"([0-9]{6,16})\.yaml")
_SEAL = re.compile(rb"\n# sha256 ([0-9a-f]{64})\n\Z")
_SCENE_ID = re.compile(rb"\bid: [\"']?s([0-9]{1,9})\b")


class History:
    """Revisions under one folder: `000012.yaml` is the story's file as it was, sealed with a line with its hash."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def numbers(self) -> list[int]:
        """Every revision there is, damaged ones too, oldest first."""
        try:
            names = {path.name for path in self.folder.iterdir()}
        except (FileNotFoundError, NotADirectoryError):
            return []
        numbers = (int(match.group(1)) for match in map(_NAME.fullmatch, names) if match)
        return sorted(number for number in numbers if _name(number) in names)

    def content(self, number: int) -> bytes | None:
        """The story's file as it was at `number`; None when the revision is damaged or gone."""
        try:
            sealed = read_bytes(self._path(number), limit=LARGEST_BYTES + 100)
        except (FileNotFoundError, StudioError):
            return None
        seal = _SEAL.search(sealed)
        if seal is None:
            return None
        content = sealed[: seal.start()]
        return content if hashlib.sha256(content).hexdigest().encode() == seal.group(1) else None

    def newest(self) -> tuple[list[int], tuple[int, bytes] | None]:
        """The numbers of all revisions, and number and content of the newest whole one.

        Waits for a revision that is being written this very moment: it is committed, though not whole yet.
        """
        patience = time.monotonic() + BEING_WRITTEN_SECONDS
        numbers = self.numbers()
        for number in reversed(numbers):
            while (content := self.content(number)) is None and self._is_being_written(number, patience):
                time.sleep(BEING_WRITTEN_PAUSE_SECONDS)
            if content is not None:
                return numbers, (number, content)
        return numbers, None

    def add(self, number: int, content: bytes) -> bool:
        """Make `content` revision `number`; False when somebody else made that revision first.

        Raises:
            Wait: the disk is full or the folder cannot be written.
        """
        seal = f"\n# sha256 {hashlib.sha256(content).hexdigest()}\n".encode()
        return create_bytes(self._path(number), content + seal)

    def saved_at(self, number: int) -> float:
        """Seconds since the epoch; 0 when it is gone."""
        try:
            return self._path(number).stat().st_mtime
        except OSError:
            return 0.0

    def highest_scene_number(self) -> int:
        """The largest n of all scene ids `s<n>` that any revision has had."""
        return max((_highest_scene_number(self._raw(number)) for number in self.numbers()), default=0)

    def prune(self) -> None:
        """Thin out what is older than the newest fifty: the last of each day stays, and what alone remembers an id."""
        sweep(self.folder)
        numbers = self.numbers()
        old, new = numbers[:-KEPT_WHOLE], numbers[-KEPT_WHOLE:]
        days = {number: time.localtime(self.saved_at(number))[:3] for number in old}
        last_of_day = {day: number for number, day in days.items()}
        leaving = [number for number in old if last_of_day[days[number]] != number]
        remembered = max((_highest_scene_number(self._raw(n)) for n in (*last_of_day.values(), *new)), default=0)
        for number in leaving:
            mentioned = _highest_scene_number(self._raw(number))
            if mentioned > remembered:
                remembered = mentioned
            else:
                self._path(number).unlink(missing_ok=True)

    def _path(self, number: int) -> Path:
        return self.folder / _name(number)

    def _raw(self, number: int) -> bytes:
        try:
            return read_bytes(self._path(number), limit=LARGEST_BYTES + 100)
        except (FileNotFoundError, StudioError):
            return b""

    def _is_being_written(self, number: int, patience: float) -> bool:
        is_fresh = time.time() - self.saved_at(number) < BEING_WRITTEN_SECONDS
        return is_fresh and time.monotonic() < patience and _SEAL.search(self._raw(number)) is None


def _name(number: int) -> str:
    """Six digits, and more from the millionth on."""
    return f"{number:06d}.yaml"


def _highest_scene_number(content: bytes) -> int:
    return max((int(match) for match in _SCENE_ID.findall(content)), default=0)
