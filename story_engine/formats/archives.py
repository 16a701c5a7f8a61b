"""Zip files of unknown origin, opened entry by entry: what is unsafe is refused by name, the rest is read.

Nothing is ever unpacked to a path that an archive names: entries are read as bytes, and their reader chooses names.
"""

from __future__ import annotations

import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath

from story_engine.errors import FixInput, StudioError

MOST_ENTRIES = 20_000
LARGEST_TOTAL_BYTES = 2_000_000_000
LARGEST_RATIO = 200
"""Unpacked to packed, for entries of more than RATIO_FROM_BYTES; pictures hardly shrink at all."""
RATIO_FROM_BYTES = 1_000_000
_CHUNK = 1 << 20
_SYSTEM_FOLDERS = frozenset({"__MACOSX"})
_ARCHIVES = frozenset({".zip", ".7z", ".rar", ".gz", ".tar", ".xz", ".bz2", ".zst"})
_ENCRYPTED = 0x1


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of an archive: its content, or why it is not read."""

    name: str
    """Path within the archive, parts joined by `/`."""
    content: bytes | None
    refused: StudioError | None


def members(path: Path, *, largest_bytes: int) -> Iterator[Member]:
    """The ordinary files of a zip, in the archive's order; folders and system files are passed over.

    Args:
        path: the archive.
        largest_bytes: of one entry, unpacked.

    Raises:
        FixInput: the whole file cannot be used: no zip, too many entries, or entries that lie over each other.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError) as error:
        raise FixInput("dataset.archive_unreadable", name=path.name, reason=str(error)[:120]) from error
    with archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if len(entries) > MOST_ENTRIES:
            raise FixInput("dataset.archive_entries", name=path.name, count=len(entries), most=MOST_ENTRIES)
        _refuse_overlaps(path.name, entries)
        seen: set[str] = set()
        total = 0
        for entry in entries:
            if _is_system(entry.filename):
                continue
            shown = _shown(entry.filename)
            try:
                _check(entry, shown, seen, largest_bytes)
                content = _content(archive, entry, shown, min(largest_bytes, LARGEST_TOTAL_BYTES - total))
            except StudioError as refused:
                yield Member(shown, None, refused)
                continue
            total += len(content)
            yield Member(shown, content, None)


def count(path: Path) -> int:
    """Entries that are files, without reading any; 0 when it is no zip."""
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(1 for entry in archive.infolist() if not entry.is_dir() and not _is_system(entry.filename))
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError):
        return 0


def _check(entry: zipfile.ZipInfo, shown: str, seen: set[str], largest_bytes: int) -> None:
    name = entry.filename.replace("\\", "/")
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or ":" in parts[0] or "\0" in entry.orig_filename:
        raise FixInput("dataset.archive_path", name=shown)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise FixInput("dataset.archive_link", name=shown)
    if entry.flag_bits & _ENCRYPTED:
        raise FixInput("dataset.archive_encrypted", name=shown)
    if PurePosixPath(name).suffix.lower() in _ARCHIVES:
        raise FixInput("dataset.archive_nested", name=shown)
    same = unicodedata.normalize("NFC", name).casefold()
    if same in seen:
        raise FixInput("dataset.archive_clash", name=shown)
    seen.add(same)
    _refuse_bomb(shown, entry.file_size, entry.compress_size, largest_bytes)


def _refuse_bomb(shown: str, size: int, packed: int, largest_bytes: int) -> None:
    if size > largest_bytes:
        raise FixInput("dataset.archive_large", name=shown, size=size, limit=largest_bytes)
    if size > RATIO_FROM_BYTES and size > LARGEST_RATIO * max(packed, 1):
        raise FixInput("dataset.archive_bomb", name=shown, size=size, packed=packed)


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, shown: str, limit: int) -> bytes:
    """Read while counting: what an archive says about sizes is not believed."""
    parts: list[bytes] = []
    size = 0
    try:
        with archive.open(entry) as file:
            while chunk := file.read(_CHUNK):
                size += len(chunk)
                _refuse_bomb(shown, size, entry.compress_size, limit)
                parts.append(chunk)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError, zlib.error) as error:
        raise FixInput("dataset.archive_damaged", name=shown, reason=str(error)[:120]) from error
    return b"".join(parts)


def _refuse_overlaps(name: str, entries: list[zipfile.ZipInfo]) -> None:
    """Entries that share bytes are how a few kilobytes become petabytes."""
    spans = sorted((entry.header_offset, entry.header_offset + entry.compress_size) for entry in entries)
    for (_, end), (start, _) in pairwise(spans):
        if start < end:
            raise FixInput("dataset.archive_overlap", name=name)


def _is_system(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return bool(parts) and (parts[0] in _SYSTEM_FOLDERS or parts[-1] in (".DS_Store", "Thumbs.db", "desktop.ini"))


def _shown(name: str) -> str:
    line = "".join("�" if unicodedata.category(character)[0] == "C" else character for character in name)
    return line if len(line) <= 120 else f"…{line[-119:]}"
