"""The pictures that a person likes best, apart from takes, picks and scores: part of no recipe and of no bundle.

A favourite that lies in the trash stays one, so that it is one again when it is brought back.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Collection

from filelock import FileLock, Timeout

from story_engine.domain.gallery import PictureKey
from story_engine.errors import FixInput, StudioError, Wait
from story_engine.store.atomic import move, read_bytes, write_bytes
from story_engine.store.folders import make_folder
from story_engine.store.layout import Layout

_LOCK_SECONDS = 5.0
_LARGEST_BYTES = 50_000_000
_LOG = logging.getLogger(__name__)


class FavouriteStore:
    """One small file for the workspace: a list of "story/scene/take"."""

    def __init__(self, layout: Layout) -> None:
        self._path = layout.favourites

    def favourites(self) -> frozenset[PictureKey]:
        """All of them; none where the file was damaged by hand, which the log says."""
        try:
            return self._read()
        except FixInput as error:
            _LOG.warning("%s", error)
            return frozenset()

    def set(self, keys: Collection[PictureKey], is_favourite: bool) -> None:
        """Make pictures favourites, or none any more. What others chose meanwhile stays.

        Raises:
            Wait: the file cannot be written, or somebody else is writing it.
        """
        try:
            make_folder(self._path.parent)
            with FileLock(self._path.with_suffix(".lock"), timeout=_LOCK_SECONDS):
                kept = set(self._read_or_keep())
                changed = kept | set(keys) if is_favourite else kept - set(keys)
                if changed != kept:
                    text = json.dumps(sorted(map(str, changed)), ensure_ascii=False, indent=0)
                    write_bytes(self._path, text.encode())
        except Timeout as error:
            raise Wait("gallery.favourites_busy", path=self._path) from error
        except OSError as error:
            raise Wait("files.not_written", path=self._path, reason=error.strerror) from error

    def _read(self) -> frozenset[PictureKey]:
        try:
            found = json.loads(read_bytes(self._path, limit=_LARGEST_BYTES))
        except FileNotFoundError:
            return frozenset()
        except (StudioError, ValueError, RecursionError) as error:
            raise FixInput("gallery.favourites_damaged", path=self._path, reason=str(error)[:200]) from error
        if not isinstance(found, list):
            raise FixInput("gallery.favourites_damaged", path=self._path, reason="not a list")
        keys = (PictureKey.read(each) for each in found if isinstance(each, str))
        return frozenset(key for key in keys if key is not None)

    def _read_or_keep(self) -> frozenset[PictureKey]:
        """As `_read`; a damaged file is kept beside the new one."""
        try:
            return self._read()
        except FixInput as error:
            _LOG.warning("%s", error)
            move(self._path, self._path.with_name(f"{self._path.name}.damaged-{secrets.token_hex(4)}"))
            return frozenset()
