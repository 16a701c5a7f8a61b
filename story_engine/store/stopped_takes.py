"""Takes that a contest has stopped: why, and how they were imagined. They lie beside the takes and leave with them."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from PIL import Image
from pydantic import ValidationError

from story_engine.domain.contest import StoppedTake
from story_engine.domain.safe_name import name_fault
from story_engine.errors import FixInput, StudioError
from story_engine.store.atomic import read_bytes, write_bytes
from story_engine.store.layout import Layout

_LARGEST_BYTES = 1_000_000
_LONGEST_SIDE = 256
"""Pixels: an imagined picture is blurred."""
_JPEG_QUALITY = 80
_LOG = logging.getLogger(__name__)


class StoppedTakeStore:
    """One small file for each, with a small picture beside it."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def add(self, slug: str, stopped: StoppedTake, imagined: Image.Image) -> None:
        """Remember one, with the picture that it was judged by.

        Raises:
            Wait: the disk is full or cannot be written.
        """
        small = imagined.convert("RGB")
        small.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
        content = io.BytesIO()
        small.save(content, "JPEG", quality=_JPEG_QUALITY)
        record = self._record(slug, stopped.item.scene, stopped.id)
        write_bytes(record.with_suffix(".jpg"), content.getvalue())
        write_bytes(record, stopped.model_dump_json(indent=1).encode())

    def stopped(self, slug: str, scene: str) -> tuple[StoppedTake, ...]:
        """Those of a scene, newest first, the best of a contest before its others. What is damaged is passed over."""
        folder = self._folder(slug, scene)
        try:
            names = [entry.name for entry in os.scandir(folder) if entry.name.endswith(".json")]
        except OSError:
            return ()
        found = [one for name in names if (one := _read(folder / name)) is not None]
        return tuple(sorted(found, key=lambda one: (-one.job, one.place, one.item.recipe.seed)))

    def count(self, slug: str, scene: str) -> int:
        """How many, without reading them."""
        try:
            return sum(entry.name.endswith(".json") for entry in os.scandir(self._folder(slug, scene)))
        except OSError:
            return 0

    def picture(self, slug: str, scene: str, digest: str) -> bytes | None:
        """The small JPEG of one as it was imagined; None where it is not there any more."""
        try:
            return read_bytes(self._record(slug, scene, digest).with_suffix(".jpg"), limit=_LARGEST_BYTES)
        except (OSError, StudioError):
            return None

    def forget(self, slug: str, scene: str, digests: Collection[str]) -> None:
        """They are wanted no more, or are takes now. What is not there is passed over."""
        for digest in digests:
            record = self._record(slug, scene, digest)
            for path in (record, record.with_suffix(".jpg")):
                with suppress(OSError):
                    path.unlink(missing_ok=True)

    def _record(self, slug: str, scene: str, digest: str) -> Path:
        if not (digest.isascii() and digest.isalnum()):
            raise FixInput("takes.not_found")
        return self._folder(slug, scene) / f"{digest}.json"

    def _folder(self, slug: str, scene: str) -> Path:
        for name in (slug, scene):
            fault = name_fault(name)
            if fault is not None:
                raise FixInput(fault[0], **fault[1])
        return self._layout.stopped_takes(slug, scene)


def _read(path: Path) -> StoppedTake | None:
    try:
        return StoppedTake.model_validate_json(read_bytes(path, limit=_LARGEST_BYTES))
    except (OSError, StudioError, ValidationError) as error:
        _LOG.warning("%s is not listed: %s", path, error)
        return None
