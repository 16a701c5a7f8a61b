"""The texts inside files that are no texts: what pictures and LoRA files say in their metadata. Nothing is decoded."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO

from story_engine.formats.safetensors_header import HeaderError, read_header

LARGEST_TEXT_BYTES = 8 << 20
"""Of one text: a compressed one that is longer is cut."""
_TEXT_ENDINGS = (".md", ".txt", ".json", ".csv", ".yaml", ".yml", ".html", ".py", ".svg", ".xml")
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
_JPEG_TEXTS = frozenset({*range(0xE1, 0xF0), 0xFE})
"""Segments of applications (EXIF, XMP …) and comments; JFIF's own holds no text."""


def texts_of(name: str, content: bytes | Path) -> Iterator[tuple[str, str]]:
    """Where in the entry, and the text there; nothing for a kind of file that holds none.

    Args:
        name: of the entry; its ending says what it is.
        content: of it, or its file.
    """
    ending = Path(name).suffix.lower()
    if ending == ".safetensors" and isinstance(content, Path):
        try:
            yield from read_header(content).metadata.items()
        except (HeaderError, OSError):
            return
    elif ending == ".png":
        with _opened(content) as file:
            yield from _png(file)
    elif ending in (".jpg", ".jpeg"):
        with _opened(content) as file:
            yield from _jpeg(file)
    elif ending in _TEXT_ENDINGS or "." not in Path(name).name:
        with _opened(content) as file:
            yield "", file.read().decode("utf-8", errors="replace")


def _png(file: IO[bytes]) -> Iterator[tuple[str, str]]:
    """Source: PNG specification, third edition, 11.3.3 and 11.3.4."""
    if file.read(len(_PNG)) != _PNG:
        return
    while len(head := file.read(8)) == 8:
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        if kind in (b"tEXt", b"zTXt", b"iTXt", b"eXIf") and length <= LARGEST_TEXT_BYTES:
            data = file.read(length)
            yield _png_text(kind, data)
            file.seek(4, 1)
        else:
            file.seek(length + 4, 1)


def _png_text(kind: bytes, data: bytes) -> tuple[str, str]:
    if kind == b"eXIf":
        return "EXIF", data.decode("latin-1")
    key, _, rest = data.partition(b"\0")
    name = key.decode("latin-1")
    if kind == b"tEXt":
        return name, rest.decode("latin-1")
    if kind == b"zTXt":
        return name, _inflated(rest[1:]).decode("latin-1")
    is_packed = rest[:1] == b"\x01"
    text = rest[2:].split(b"\0", 2)[-1]
    return name, (_inflated(text) if is_packed else text).decode("utf-8", errors="replace")


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, LARGEST_TEXT_BYTES)
    except zlib.error:
        return b""


def _jpeg(file: IO[bytes]) -> Iterator[tuple[str, str]]:
    if file.read(2) != _JPEG:
        return
    while len(head := file.read(4)) == 4 and head[0] == 0xFF and head[1] != 0xDA:
        data = file.read(max(0, int.from_bytes(head[2:], "big") - 2))
        if head[1] in _JPEG_TEXTS:
            yield f"segment {head[1]:02X}", data.decode("latin-1")


def _opened(content: bytes | Path) -> IO[bytes]:
    return BytesIO(content) if isinstance(content, bytes) else content.open("rb")
