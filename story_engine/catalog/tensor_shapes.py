"""Names and shapes of a network's tensors, from headers and indexes alone: cheap enough for a page. No torch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from story_engine.formats.pickled_header import PickledHeaderError, read_pickled_header
from story_engine.formats.safetensors_header import Header, HeaderError, read_header

Shapes = Mapping[str, tuple[int, ...] | None]
"""Name → shape; None where only an index tells the name. Empty where nothing tells anything."""
_MOST_HEADERS = 64


def header_of(path: Path) -> Header:
    """The header of a safetensors file, read once per state of the file.

    Raises:
        HeaderError: it is damaged.
        OSError: it cannot be read.
    """
    found = path.stat()
    return _header(path, found.st_size, found.st_mtime_ns)


def shapes_of(paths: Sequence[Path]) -> Shapes:
    """All tensors of the files of one network; files that tell nothing are passed over."""
    shapes: dict[str, tuple[int, ...] | None] = {}
    for path in paths:
        try:
            if path.suffix == ".json":
                shapes |= dict.fromkeys(json.loads(path.read_text(encoding="utf-8")).get("weight_map", ()))
            elif path.suffix == ".safetensors":
                shapes |= {name: entry.shape for name, entry in header_of(path).tensors.items()}
            elif path.suffix == ".bin":
                found = path.stat()
                shapes |= _pickled(path, found.st_size, found.st_mtime_ns)
        except (OSError, ValueError, AttributeError, HeaderError, PickledHeaderError):
            continue  # whether it is whole is asked elsewhere
    return shapes


@lru_cache(maxsize=_MOST_HEADERS)
def _header(path: Path, size_bytes: int, modified_ns: int) -> Header:
    del size_bytes, modified_ns  # they only make the cache key
    return read_header(path)


@lru_cache(maxsize=_MOST_HEADERS)
def _pickled(path: Path, size_bytes: int, modified_ns: int) -> dict[str, tuple[int, ...]]:
    del size_bytes, modified_ns  # as above
    return read_pickled_header(path)
