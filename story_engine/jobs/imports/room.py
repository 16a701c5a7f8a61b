"""Whether the disk has the room for what is to be brought in, as far as that is known beforehand."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from story_engine.errors import Wait
from story_engine.formats.picture_files import ENDINGS
from story_engine.store.disk import free_bytes

COPIES = 2
"""Of each picture: as it came, and as it is trained on. A thumbnail is next to nothing."""
SPARE_BYTES = 20_000_000


def check_room(sources: Sequence[Mapping[str, Any]], folder: Path) -> None:
    """Refuse an import that the disk of `folder` has no room for.

    Raises:
        Wait: how much it needs, and how much there is.
    """
    # The same pictures brought again need nothing; which they are is only known once they are read.
    present = known_bytes({"kind": "folder", "path": folder / "originals"})
    needed = COPIES * (sum(known_bytes(source) for source in sources) - present)
    free = free_bytes(folder)
    if free is not None and needed > 0 and needed + SPARE_BYTES > free:
        raise Wait("dataset.disk_short", needed=_megabytes(needed + SPARE_BYTES), free=_megabytes(free))


def known_bytes(source: Mapping[str, Any]) -> int:
    """Bytes of a source's pictures; 0 where nobody knows before it is fetched. Zips hardly shrink pictures."""
    if source["kind"] == "files":
        return sum(_size(Path(path)) for path, _ in source["files"])
    if source["kind"] == "folder":
        return sum(
            _size(Path(place, name))
            for place, _, names in os.walk(source["path"])
            for name in names
            if Path(name).suffix.lower() in ENDINGS
        )
    return 0


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
