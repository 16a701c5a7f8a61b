"""The name of the exact weights of a model: part of every recipe, so that a take promises its picture.

Hashed are the very files that `catalog.package` has a loader read. Reading 17 GB takes about a minute, and happens once
after a download or after files were put there by hand: hashes are kept in the workspace's cache, by path, size and
modification time. Nothing is ever written beside the weights, which may belong to somebody else.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from story_engine.catalog.description import joined_digits
from story_engine.catalog.package import Package
from story_engine.errors import StudioError
from story_engine.store.atomic import write_bytes
from story_engine.store.hashes import file_sha256
from story_engine.store.layout import Layout

_LOG = logging.getLogger(__name__)
_HASHING_THREADS = 4
_BESIDE = "weights.json"
"""Where earlier versions kept the hashes: beside the weights. It is still read."""
_WORTH_SAYING_BYTES = 10**9
_Known = dict[str, tuple[int, int, str]]
"""File → size, modification time in ns, SHA-256."""
_unwritten: _Known = {}
"""Hashes that could not be written: as long as the process lives, nothing is hashed twice."""


def weights_hash(layout: Layout, package: Package, *, joined: Callable[[Sequence[str]], str]) -> str:
    """One hash over the files that the model is loaded from; empty while one of them is missing or cannot be read."""
    folder = package.folder(layout)
    if not package.is_complete(folder):
        return ""
    return files_hash(layout, [folder / name for name in package.names(folder)], joined=joined)


def part_hash(layout: Layout, package: Package, name: str) -> str:
    """One hash over the files of one network; empty as `weights_hash`."""
    folder, part = package.folder(layout), package.part(name)
    return files_hash(layout, [folder / each for each in (*part.beside, *part.form(folder))], joined=joined_digits)


def files_hash(layout: Layout, paths: Sequence[Path], *, joined: Callable[[Sequence[str]], str]) -> str:
    """One hash over some files; empty where one of them cannot be read."""
    try:
        return joined(_hashes(layout.weight_hashes, paths))
    except OSError as error:  # gone, or not ours to read, since it was looked at
        _LOG.warning("weights cannot be read, so the model counts as missing: %s", error)
        return ""


def file_hashes(layout: Layout, package: Package) -> dict[str, str]:
    """The SHA-256 of each file that the model is loaded from, by its published name; empty as `weights_hash`."""
    folder = package.folder(layout)
    if not package.is_complete(folder):
        return {}
    names = package.names(folder)
    try:
        return dict(zip(names, _hashes(layout.weight_hashes, [folder / name for name in names]), strict=True))
    except OSError as error:
        _LOG.warning("weights cannot be read, so the model counts as missing: %s", error)
        return {}


def _hashes(memory: Path, paths: Sequence[Path]) -> list[str]:
    marks = {path: ((found := path.stat()).st_size, found.st_mtime_ns) for path in paths}
    known = _known(memory, paths)
    stale = [path for path in paths if known.get(str(path), (0, 0, ""))[:2] != marks[path]]
    if stale:
        size = sum(marks[path][0] for path in stale)
        if size > _WORTH_SAYING_BYTES:
            _LOG.info("hashing %d weights file(s), %.1f GB", len(stale), size / 1e9)
        with ThreadPoolExecutor(_HASHING_THREADS) as threads:
            hashes = list(threads.map(file_sha256, stale))
        fresh = {str(path): (*marks[path], sha256) for path, sha256 in zip(stale, hashes, strict=True)}
        known |= fresh
        _keep(memory, fresh)
    return [known[str(path)][2] for path in paths]


def _known(memory: Path, paths: Iterable[Path]) -> _Known:
    known: _Known = {}
    for path in paths:
        # A file of Kolors lies one folder deeper than the package.
        for folder in (path.parent, path.parent.parent):
            beside = _read(folder / _BESIDE).get(path.relative_to(folder).as_posix())
            if beside is not None:
                known[str(path)] = beside
    return known | _read(memory) | _unwritten


def _read(memory: Path) -> _Known:
    try:
        stored = json.loads(memory.read_text(encoding="utf-8"))
        return {str(name): (int(size), int(mtime), str(sha256)) for name, (size, mtime, sha256) in stored.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}  # it is only a memory: what cannot be read is worked out again


def _keep(memory: Path, fresh: _Known) -> None:
    with suppress(OSError):
        known = {name: mark for name, mark in _read(memory).items() if Path(name).exists()} | fresh
        try:
            write_bytes(memory, json.dumps(known, indent=1, ensure_ascii=False).encode())
        except StudioError as error:
            _unwritten.update(fresh)
            _LOG.warning("the hashes of weights cannot be kept, and are worked out again in each process: %s", error)
