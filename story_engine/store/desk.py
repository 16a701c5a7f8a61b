"""How a person likes the story page: one small file of the workspace."""

from __future__ import annotations

import logging

from pydantic import ValidationError

from story_engine.domain.desk import Desk
from story_engine.errors import StudioError
from story_engine.store.atomic import read_bytes, write_bytes
from story_engine.store.layout import Layout

_LARGEST_BYTES = 10_000
_LOG = logging.getLogger(__name__)


class DeskStore:
    """What was chosen last."""

    def __init__(self, layout: Layout) -> None:
        self._path = layout.desk

    def read(self) -> Desk:
        """What was chosen; the usual where nothing was, or where the file was damaged by hand, which the log says."""
        try:
            return Desk.model_validate_json(read_bytes(self._path, limit=_LARGEST_BYTES))
        except FileNotFoundError:
            return Desk()
        except (OSError, StudioError, ValidationError) as error:
            _LOG.warning("%s cannot be read, the usual layout is shown: %s", self._path, str(error)[:300])
            return Desk()

    def write(self, desk: Desk) -> None:
        """Remember it.

        Raises:
            Wait: the disk cannot be written.
        """
        write_bytes(self._path, desk.model_dump_json(indent=1).encode())
