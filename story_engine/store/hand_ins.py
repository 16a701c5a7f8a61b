"""What was typed to hand a story in: one small file per story."""

from __future__ import annotations

import logging
import secrets
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import ValidationError

from story_engine.domain.hand_in import HandIn
from story_engine.domain.safe_name import name_fault
from story_engine.errors import EditConflict, FixInput, StudioError, Wait
from story_engine.store.atomic import move, read_bytes, write_bytes
from story_engine.store.folders import make_folder
from story_engine.store.layout import Layout

_LARGEST_BYTES = 4_000_000
_LOCK_SECONDS = 5.0
_LOG = logging.getLogger(__name__)


class HandInStore:
    """The details of submissions, changed field by field."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def load(self, slug: str) -> HandIn:
        """The details of a story; nothing where nothing was typed.

        Raises:
            FixInput: the file was damaged by hand.
        """
        path = self._path(slug)
        try:
            return HandIn.model_validate_json(read_bytes(path, limit=_LARGEST_BYTES))
        except FileNotFoundError:
            return HandIn()
        except (ValidationError, StudioError) as error:
            raise FixInput("submit.details_damaged", path=str(path), reason=str(error)[:200]) from error

    def edit(self, slug: str, field: str, value: str, *, seen: str) -> HandIn:
        """Write one field, if it still holds what was `seen`.

        Raises:
            EditConflict: somebody else has written something else there meanwhile; with both texts.
            Wait: the file cannot be written, or somebody else is writing it.
        """
        path = self._path(slug)
        try:
            make_folder(path.parent)
            with FileLock(path.with_suffix(".lock"), timeout=_LOCK_SECONDS):
                known = self._load_or_kept(slug, path)
                present = known.value(field) or ""
                if present == value:
                    return known
                if present != seen:
                    raise EditConflict(scene=None, field=field, mine=value, theirs=present)
                changed = known.changed(field, value)
                write_bytes(path, changed.model_dump_json(indent=1, exclude_defaults=True).encode())
                return changed
        except Timeout as error:
            raise Wait("submit.details_busy", path=path) from error
        except OSError as error:
            raise Wait("files.not_written", path=path, reason=error.strerror) from error

    def _load_or_kept(self, slug: str, path: Path) -> HandIn:
        """The details; where they cannot be read, none, and the file stays beside the new one."""
        try:
            return self.load(slug)
        except FixInput as error:
            _LOG.warning("%s", error)
            move(path, path.with_name(f"{path.name}.damaged-{secrets.token_hex(4)}"))
            return HandIn()

    def _path(self, slug: str) -> Path:
        fault = name_fault(slug)
        if fault is not None:
            raise FixInput(fault[0], **fault[1])
        return self._layout.hand_in(slug)
