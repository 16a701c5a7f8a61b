"""Files by picture hash that only grow: one line per picture, so that rating again adds and never rewrites.

A line that a crash has torn is passed over by whoever reads, and ended by whoever writes next.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from story_engine.store.atomic import append_bytes

_LOG = logging.getLogger(__name__)
_Entry = TypeVar("_Entry")
Reader = Callable[[Iterable[str]], Mapping[str, _Entry]]
"""Lines that are not blank → entries by picture SHA-256; always the same function, since files are remembered by it."""


def entries_of(path: Path, read: Reader[_Entry]) -> dict[str, _Entry]:
    """Everything in the file; nothing where there is none or it cannot be read. Read again only when it has changed."""
    try:
        stat = path.stat()
        return dict(_read(path, read, stat.st_size, stat.st_mtime_ns))
    except FileNotFoundError:
        return {}
    except OSError as error:
        _LOG.warning("%s cannot be read: %s", path, error)
        return {}


def append_lines(path: Path, lines: Iterable[str]) -> None:
    """Add lines; they are on disk before the call returns.

    Raises:
        Wait: they cannot be written.
    """
    # A leading newline ends a line that a crash may have left torn.
    text = "".join(f"\n{line}" for line in lines)
    if text:
        append_bytes(path, f"{text}\n".encode())


@lru_cache(maxsize=12)
def _read(path: Path, read: Reader[_Entry], size_bytes: int, modified_ns: int) -> Mapping[str, _Entry]:
    del size_bytes, modified_ns  # they only make the cache key
    return read(line for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip())
