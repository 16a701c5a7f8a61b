"""How each story is laid out as a sheet and as comic pages: what a person chose."""

from __future__ import annotations

import logging
from pathlib import Path

from pydantic import ValidationError

from story_engine.domain.comic import ComicOptions
from story_engine.domain.safe_name import name_fault
from story_engine.errors import FixInput, StudioError, Wait
from story_engine.store.atomic import read_bytes, write_bytes
from story_engine.store.folders import make_folder
from story_engine.store.layout import Layout

_LARGEST_BYTES = 100_000
_LOG = logging.getLogger(__name__)


class ComicStore:
    """One small file per story. It can be deleted: nothing but the choice of a layout is lost."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def load(self, slug: str) -> ComicOptions:
        """What was chosen; the defaults where there is no file, or where it was damaged by hand."""
        path = self._path(slug)
        try:
            return ComicOptions.model_validate_json(read_bytes(path, limit=_LARGEST_BYTES))
        except FileNotFoundError:
            return ComicOptions()
        except (ValidationError, StudioError) as error:
            _LOG.warning("The layout in %s cannot be read and is passed over: %s", path, error)
            return ComicOptions()

    def keep(self, slug: str, options: ComicOptions) -> None:
        """Remember the options of a story.

        Raises:
            Wait: the file cannot be written.
        """
        path = self._path(slug)
        try:
            make_folder(path.parent)
        except OSError as error:
            raise Wait("files.not_written", path=path, reason=error.strerror) from error
        write_bytes(path, options.model_dump_json(indent=1).encode())

    def _path(self, slug: str) -> Path:
        fault = name_fault(slug)
        if fault is not None:
            raise FixInput(fault[0], **fault[1])
        return self._layout.comics(slug)
