"""What was decided about model files: one small file of the workspace, `models.json`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import ValidationError

from story_engine.domain.models import ModelSettings
from story_engine.errors import StudioError, Wait
from story_engine.store.atomic import cannot_write, read_bytes, write_bytes
from story_engine.store.folders import make_folder
from story_engine.store.layout import Layout

_LARGEST_BYTES = 100_000
_LOCK_SECONDS = 10.0
_LOG = logging.getLogger(__name__)


def read_model_settings(layout: Layout) -> ModelSettings:
    """What was decided; nothing where there is no file, or where it cannot be read, which the log says."""
    path = layout.model_settings
    try:
        found = path.stat()
    except OSError:
        return ModelSettings()
    return _read(path, found.st_size, found.st_mtime_ns)


def change_model_settings(layout: Layout, change: Callable[[ModelSettings], ModelSettings]) -> ModelSettings:
    """Change it, one process after the other.

    Raises:
        Wait: the workspace cannot be written.
        StudioError: whatever `change` raises.
    """
    path = layout.model_settings
    before = read_model_settings(layout)
    if change(before) == before:
        return before
    try:
        make_folder(path.parent)
        with FileLock(path.with_suffix(".lock"), timeout=_LOCK_SECONDS):
            after = change(read_model_settings(layout))
            write_bytes(path, after.model_dump_json(indent=1).encode())
            return after
    except Timeout as error:
        raise Wait("models.settings_busy", path=str(path)) from error
    except OSError as error:
        raise cannot_write(path, error) from error


@lru_cache(maxsize=16)
def _read(path: Path, size_bytes: int, modified_ns: int) -> ModelSettings:
    del size_bytes, modified_ns  # they only make the cache key: every look for a model asks
    try:
        return ModelSettings.model_validate_json(read_bytes(path, limit=_LARGEST_BYTES))
    except (OSError, StudioError, ValidationError) as error:
        _LOG.warning("%s cannot be read, nothing counts as decided: %s", path, str(error)[:300])
        return ModelSettings()
