"""How much is kept of what would grow for ever, as a person has set it for this workspace."""

from __future__ import annotations

import logging

from pydantic import ValidationError

from story_engine.domain.disk import Limits
from story_engine.errors import StudioError
from story_engine.store.atomic import read_bytes, write_bytes
from story_engine.store.layout import Layout

_LARGEST_BYTES = 100_000
_LOG = logging.getLogger(__name__)


def read_limits(layout: Layout) -> Limits:
    """What was set; the defaults where nothing was, or where the file cannot be read."""
    try:
        return Limits.model_validate_json(read_bytes(layout.limits, limit=_LARGEST_BYTES))
    except FileNotFoundError:
        return Limits()
    except (ValidationError, StudioError) as error:
        _LOG.warning("%s cannot be read, the defaults hold: %s", layout.limits, error)
        return Limits()


def write_limits(layout: Layout, limits: Limits) -> None:
    """Set them.

    Raises:
        Wait: the workspace cannot be written.
    """
    write_bytes(layout.limits, limits.model_dump_json(indent=1).encode())
