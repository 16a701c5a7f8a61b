"""Figures of pictures by their hash, so that a page need not read the pictures again."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from story_engine.errors import StudioError
from story_engine.store.atomic import append_bytes
from story_engine.store.layout import Layout

_LOG = logging.getLogger(__name__)


class FigureStore:
    """Packed figures of a workspace; they can be made again at any time."""

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.scores

    def packed(self, version: int) -> Mapping[str, bytes]:
        """Picture SHA-256 → its figures of this version, packed. A line torn by a crash is passed over."""
        path = self._path(version)
        try:
            stat = path.stat()
            return _read(path, stat.st_size, stat.st_mtime_ns)
        except FileNotFoundError:
            return {}
        except OSError as error:
            _LOG.warning("The figures in %s cannot be read: %s", path, error)
            return {}

    def add(self, version: int, packed: Iterable[tuple[str, bytes]]) -> None:
        """Append figures; where they cannot be written they are worked out again next time."""
        lines = "".join(
            f"\n{json.dumps({'picture_sha256': picture, 'figures': base64.b64encode(content).decode()})}"
            for picture, content in packed
        )
        if not lines:
            return
        try:
            append_bytes(self._path(version), f"{lines}\n".encode())
        except StudioError as error:
            _LOG.warning("Figures of pictures cannot be kept: %s", error)

    def _path(self, version: int) -> Path:
        return self._folder / f"figures-{version}.jsonl"


@lru_cache(maxsize=2)
def _read(path: Path, size_bytes: int, modified_ns: int) -> Mapping[str, bytes]:
    del size_bytes, modified_ns  # they only make the cache key
    found: dict[str, bytes] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            fields = json.loads(line)
            found[str(fields["picture_sha256"])] = base64.b64decode(fields["figures"])
        except (ValueError, KeyError, TypeError):
            continue
    return found
