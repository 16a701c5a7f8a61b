"""What a hub last said about a model's files, kept for when it cannot be asked: sizes and hashes."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from story_engine.errors import StudioError
from story_engine.store.atomic import write_bytes
from story_engine.store.layout import Layout

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Published:
    """One file as it is published."""

    size_bytes: int
    sha256: str
    """Blank where the hub does not say."""


@dataclass(frozen=True, slots=True)
class Listing:
    """All files of a repository."""

    files: dict[str, Published]
    asked_at: str
    """ISO 8601, UTC."""


def known_listing(layout: Layout, name: str) -> Listing | None:
    """What the hub said of a package when it was last asked; None where it never was."""
    path = _place(layout, name)
    try:
        found = path.stat()
    except OSError:
        return None
    return _read(path, found.st_size, found.st_mtime_ns)


def keep_listing(layout: Layout, name: str, listing: Listing) -> None:
    """Remember it; a workspace that cannot be written does without."""
    files = {name: (each.size_bytes, each.sha256) for name, each in listing.files.items()}
    try:
        content = json.dumps({"asked_at": listing.asked_at, "files": files}, indent=1, ensure_ascii=False)
        write_bytes(_place(layout, name), content.encode())
    except StudioError as error:
        _LOG.warning("what the hub said cannot be kept: %s", error)


def _place(layout: Layout, name: str) -> Path:
    return layout.published / f"{name}.json"


@lru_cache(maxsize=16)
def _read(path: Path, size_bytes: int, modified_ns: int) -> Listing | None:
    del size_bytes, modified_ns  # they only make the cache key: pages ask for the sizes
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        files = {str(name): Published(int(size), str(sha256)) for name, (size, sha256) in kept["files"].items()}
        return Listing(files, str(kept["asked_at"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
