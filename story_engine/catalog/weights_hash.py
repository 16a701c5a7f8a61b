"""The name of the exact weights of a family: part of every recipe, so that a take promises its picture."""

from __future__ import annotations

import hashlib
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from story_engine.catalog.published import KOLORS, PREVIEW_FILES, needed_names, preview_folder, repository_files
from story_engine.store.atomic import write_bytes
from story_engine.store.hashes import file_sha256
from story_engine.store.layout import Layout

_LOG = logging.getLogger(__name__)
_HASHING_THREADS = 4
_MEMORY = "weights.json"
_Known = dict[str, tuple[int, int, str]]
"""Name of a file → size, modification time in ns, SHA-256."""


def preview_hash(layout: Layout) -> str:
    """SHA-256 over the weights files' SHA-256s, as `preview.weights.weights_hash`; empty when a file is missing."""
    folder = preview_folder(layout)
    digest = hashlib.sha256()
    for name in PREVIEW_FILES:
        path = folder / name
        if not path.is_file():
            return ""
        digest.update(bytes.fromhex(file_sha256(path)))
    return digest.hexdigest()


def kolors_hash(layout: Layout) -> str:
    """SHA-256 over the files that painting reads; empty while one of them is missing or truncated.

    The files' own hashes are kept in `weights.json` beside them, by size and modification time: reading 17 GB takes
    about a minute, and happens once after a download or after files were put there by hand.
    """
    if any(state.state != "present" for state in repository_files(layout, KOLORS)):
        return ""
    folder = layout.models / KOLORS.folder
    hashes = _remembered_hashes(folder, needed_names(folder, KOLORS))
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def _remembered_hashes(folder: Path, names: list[str]) -> list[str]:
    memory = folder / _MEMORY
    known = _read(memory)
    marks = {name: ((stat := (folder / name).stat()).st_size, stat.st_mtime_ns) for name in names}
    stale = [name for name in names if known.get(name, (0, 0, ""))[:2] != marks[name]]
    if stale:
        _LOG.info("hashing %d weights file(s), %.1f GB", len(stale), sum(marks[name][0] for name in stale) / 1e9)
        with ThreadPoolExecutor(_HASHING_THREADS) as threads:
            hashes = threads.map(lambda name: file_sha256(folder / name), stale)
        known |= {name: (*marks[name], sha256) for name, sha256 in zip(stale, hashes, strict=True)}
        _write(memory, known)
    return [known[name][2] for name in names]


def _read(memory: Path) -> _Known:
    try:
        stored = json.loads(memory.read_text(encoding="utf-8"))
        return {str(name): (int(size), int(mtime), str(sha256)) for name, (size, mtime, sha256) in stored.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}  # it is only a memory: what cannot be read is worked out again


def _write(memory: Path, known: _Known) -> None:
    write_bytes(memory, json.dumps(known, indent=1).encode(), is_durable=False)
