"""A person's choices of takes, apart from the takes and from every score."""

from __future__ import annotations

import json
import logging
import secrets
from pathlib import Path

from filelock import FileLock, Timeout

from story_engine.domain.safe_name import name_fault
from story_engine.errors import FixInput, StudioError, Wait
from story_engine.store.atomic import move, read_bytes, write_bytes
from story_engine.store.folders import make_folder
from story_engine.store.layout import Layout

_LOCK_SECONDS = 5.0
_LARGEST_BYTES = 1_000_000
_LOG = logging.getLogger(__name__)


class PickStore:
    """Scene id → take id, one small file per story."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def picks(self, slug: str) -> dict[str, str]:
        """The choices of a story; empty when nothing was chosen.

        Raises:
            FixInput: the file was damaged by hand.
        """
        path = self._path(slug)
        try:
            found = json.loads(read_bytes(path, limit=_LARGEST_BYTES))
        except FileNotFoundError:
            return {}
        except StudioError as error:
            raise FixInput("takes.picks_damaged", path=str(path), reason=str(error)) from error
        except (ValueError, RecursionError) as error:
            raise FixInput("takes.picks_damaged", path=str(path), reason=str(error)[:200]) from error
        if not isinstance(found, dict) or not all(isinstance(take, str) for take in found.values()):
            raise FixInput("takes.picks_damaged", path=str(path), reason="not a table of scenes and takes")
        return found

    def set_pick(self, slug: str, scene: str, take: str | None) -> None:
        """Choose a take for a panel; None takes the choice back. Choices for other panels made meanwhile stay.

        Raises:
            Wait: the file cannot be written, or somebody else is writing it.
        """
        path = self._path(slug)
        try:
            make_folder(path.parent)
        except OSError as error:
            raise Wait("files.not_written", path=path, reason=error.strerror) from error
        try:
            with FileLock(path.with_suffix(".lock"), timeout=_LOCK_SECONDS):
                chosen = self._picks_or_kept(path, slug)
                if take is None:
                    chosen.pop(scene, None)
                else:
                    chosen[scene] = take
                write_bytes(path, json.dumps(chosen, ensure_ascii=False, indent=1, sort_keys=True).encode())
        except Timeout as error:
            raise Wait("takes.picks_busy", path=path) from error

    def _picks_or_kept(self, path: Path, slug: str) -> dict[str, str]:
        """The choices; where they cannot be read, none, and the file stays beside the new one."""
        try:
            return self.picks(slug)
        except FixInput as error:
            _LOG.warning("%s", error)
            move(path, path.with_name(f"{path.name}.damaged-{secrets.token_hex(4)}"))
            return {}

    def _path(self, slug: str) -> Path:
        fault = name_fault(slug)
        if fault is not None:
            raise FixInput(fault[0], **fault[1])
        return self._layout.picks(slug)
