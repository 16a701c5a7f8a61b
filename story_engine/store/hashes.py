"""Content hashes of files, computed once per state of a file."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path


def file_sha256(path: Path) -> str:
    """SHA-256 of the file's bytes in hexadecimal; remembered while its size and modification time stay the same.

    Raises:
        FileNotFoundError: there is no such file.
    """
    stat = path.stat()
    return _sha256(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=256)
def _sha256(path: Path, size_bytes: int, modified_ns: int) -> str:
    del size_bytes, modified_ns  # they only make the cache key
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
