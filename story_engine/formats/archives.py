"""Zip files of unknown origin, opened entry by entry: what is unsafe is refused by name, the rest is read.

Nothing is ever unpacked to a path that an archive names: entries are read as bytes, and their reader chooses names.
"""

from __future__ import annotations

import io
import lzma
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import IO

from story_engine.errors import FixInput, StudioError
from story_engine.formats.system_files import is_system_file
from story_engine.formats.text_encoding import decode_names

MOST_ENTRIES = 20_000
LARGEST_TOTAL_BYTES = 2_000_000_000
LARGEST_RATIO = 200
"""Unpacked to packed, for entries of more than RATIO_FROM_BYTES and for smaller ones together."""
RATIO_FROM_BYTES = 1_000_000
RATIO_TOGETHER_FROM_BYTES = 10_000_000
_CHUNK = 1 << 20
ARCHIVES = frozenset({".zip", ".7z", ".rar", ".gz", ".tar", ".xz", ".bz2", ".zst"})
_ENCRYPTED = 0x1
_NAME_IS_UTF_8 = 0x800
_UNICODE_PATH = 0x7075
_LONGEST_SHOWN = 120
_UNREADABLE = (
    zipfile.BadZipFile,
    OSError,
    ValueError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    MemoryError,
    IndexError,
    OverflowError,
)
"""What zipfile and its decompressors raise for damaged files."""


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of an archive: its content, or why it is not read."""

    name: str
    """Path within the archive, parts joined by `/`, in composed Unicode."""
    content: bytes | None
    refused: StudioError | None


def members(
    path: Path,
    *,
    largest_bytes: int | Callable[[str], int],
    largest_total_bytes: int = LARGEST_TOTAL_BYTES,
    wants: Callable[[str], bool] | None = None,
    head_bytes: int | None = None,
    content: bytes | None = None,
) -> Iterator[Member]:
    """The ordinary files of a zip, in the archive's order; folders and system files are passed over.

    Args:
        path: the archive.
        largest_bytes: of one entry, unpacked; by its name where kinds differ.
        largest_total_bytes: of all that are read.
        wants: which entries to read, by name; the others are neither unpacked nor reported. None: all.
        head_bytes: read only so many of each. None: all.
        content: of the archive, where it is an upload that lies in no file; `path` then only names it.

    Raises:
        FixInput: the whole file cannot be used: no zip, too many entries, entries that lie over each other, or that
            unpack to far more than files do.
    """
    with _opened(path, content) as archive:
        entries = _named(archive)
        _refuse_whole(path.name, [entry for entry, _ in entries])
        seen: set[str] = set()
        total = 0
        for entry, name in entries:
            if is_system_file(name):
                continue
            shown = _shown(name)
            largest = largest_bytes if isinstance(largest_bytes, int) else largest_bytes(name)
            try:
                _check(entry, name, shown, seen)
                if wants is not None and not wants(name):
                    continue
                _refuse_bomb(shown, entry.file_size, entry.compress_size, largest)
                content = _content(archive, entry, shown, min(largest, largest_total_bytes - total), head_bytes)
            except StudioError as refused:
                if wants is None or wants(name):
                    yield Member(name, None, refused)
                continue
            total += len(content)
            yield Member(name, content, None)


def names(path: Path, *, content: bytes | None = None) -> tuple[str, ...]:
    """The files of a zip by name, without reading them; those that cannot be read are among them.

    Args:
        path: the archive.
        content: of the archive, where it lies in no file; `path` then only names it.

    Raises:
        FixInput: it is no zip.
    """
    with _opened(path, content) as archive:
        return tuple(name for _, name in _named(archive) if not is_system_file(name))


def _opened(path: Path, content: bytes | None = None) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path if content is None else io.BytesIO(content))
    except _UNREADABLE as error:
        raise FixInput("dataset.archive_unreadable", name=path.name, reason=str(error)[:120]) from error


def _named(archive: zipfile.ZipFile) -> list[tuple[zipfile.ZipInfo, str]]:
    """The entries that are files, with the names that their packer meant.

    Only a flag says that a name is UTF-8, and Windows, macOS and many libraries leave it out and write what their
    system uses: all such names of an archive are read together, as one program wrote them.
    """
    entries = archive.infolist()
    bare = {entry.orig_filename.encode("cp437") for entry in entries if not entry.flag_bits & _NAME_IS_UTF_8}
    meant = decode_names(sorted(bare))
    found = []
    for entry in entries:
        if entry.flag_bits & _NAME_IS_UTF_8:
            name = entry.orig_filename
        else:
            raw = entry.orig_filename.encode("cp437")
            name = _unicode_path(entry.extra, raw) or meant[raw]
        name = unicodedata.normalize("NFC", name).replace("\\", "/")
        if not name.endswith("/"):
            found.append((entry, "".join("�" if unicodedata.category(each)[0] == "C" else each for each in name)))
    return found


def _unicode_path(extra: bytes, raw: bytes) -> str | None:
    """The name in UTF-8 that Info-ZIP, 7-Zip and WinRAR put beside the old one.

    Source: PKWARE APPNOTE 6.3.10, 4.6.9.
    """
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == _UNICODE_PATH and len(field) > 5 and struct.unpack("<L", field[1:5])[0] == zlib.crc32(raw):
            try:
                return field[5:].decode()
            except UnicodeDecodeError:
                return None
    return None


def _check(entry: zipfile.ZipInfo, name: str, shown: str, seen: set[str]) -> None:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or ":" in parts[0] or "\0" in entry.orig_filename:
        raise FixInput("dataset.archive_path", name=shown)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise FixInput("dataset.archive_link", name=shown)
    if entry.flag_bits & _ENCRYPTED:
        raise FixInput("dataset.archive_encrypted", name=shown)
    if PurePosixPath(name).suffix.lower() in ARCHIVES:
        raise FixInput("dataset.archive_nested", name=shown)
    same = name.casefold()
    if same in seen:
        raise FixInput("dataset.archive_clash", name=shown)
    seen.add(same)


def _refuse_whole(name: str, entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST_ENTRIES:
        raise FixInput("dataset.archive_entries", name=name, count=len(entries), most=MOST_ENTRIES)
    # Entries that share bytes are how a few kilobytes become petabytes.
    spans = sorted((entry.header_offset, entry.header_offset + entry.compress_size) for entry in entries)
    for (_, end), (start, _) in pairwise(spans):
        if start < end:
            raise FixInput("dataset.archive_overlap", name=name)
    small = [entry for entry in entries if entry.file_size <= RATIO_FROM_BYTES]
    size, packed = sum(entry.file_size for entry in small), sum(entry.compress_size for entry in small)
    if size > RATIO_TOGETHER_FROM_BYTES and size > LARGEST_RATIO * max(packed, 1):
        raise FixInput("dataset.archive_bomb", name=name, size=size, packed=packed)


def _refuse_bomb(shown: str, size: int, packed: int, largest_bytes: int) -> None:
    if size > largest_bytes:
        raise FixInput("dataset.archive_large", name=shown, size=size, limit=max(largest_bytes, 0))
    if size > RATIO_FROM_BYTES and size > LARGEST_RATIO * max(packed, 1):
        raise FixInput("dataset.archive_bomb", name=shown, size=size, packed=packed)


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, shown: str, limit: int, head_bytes: int | None) -> bytes:
    """Read while counting: what an archive says about sizes is not believed."""
    parts: list[bytes] = []
    size = 0
    try:
        with _open(archive, entry) as file:
            if head_bytes is not None:
                return file.read(head_bytes)
            while chunk := file.read(_CHUNK):
                size += len(chunk)
                _refuse_bomb(shown, size, entry.compress_size, limit)
                parts.append(chunk)
    except _UNREADABLE as error:
        raise FixInput("dataset.archive_damaged", name=shown, reason=str(error)[:120]) from error
    return b"".join(parts)


def _open(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> IO[bytes]:
    """The entry; also where only one of its two headers says that its name is UTF-8."""
    try:
        return archive.open(entry)
    except zipfile.BadZipFile:
        is_utf_8 = bool(entry.flag_bits & _NAME_IS_UTF_8)
        named, other = ("utf-8", "cp437") if is_utf_8 else ("cp437", "utf-8")
        written = entry.orig_filename
        try:
            entry.orig_filename = written.encode(named).decode(other)
            return archive.open(entry)
        finally:
            entry.orig_filename = written


def _shown(name: str) -> str:
    return name if len(name) <= _LONGEST_SHOWN else f"…{name[1 - _LONGEST_SHOWN :]}"
