"""Bundles: zips that are handed in, written whole or not at all."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from story_engine.errors import ChooseAnother
from story_engine.store.atomic import writing
from story_engine.store.layout import Layout

CHECKSUMS = "SHA256SUMS"
_FIXED_DATE = (2024, 1, 1, 0, 0, 0)
"""The same content makes the same zip, byte for byte."""
_UNIX = 3
"""As which system the zip says it was made: the one whose file modes it holds, whatever this one is."""
_CHUNK_BYTES = 1 << 20


class BundleStore:
    """The exported zips of a workspace."""

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.bundles

    def path(self, slug: str) -> Path:
        """Where a zip of this name is written unless a person names another place."""
        return self._folder / f"{slug}.zip"

    def named(self, slug: str, name: str) -> Path:
        """Where the bundle of a story is written: two stories of one name do not meet."""
        return self._folder / slug / f"{name}.zip"

    def write(self, path: Path, entries: Mapping[str, bytes | Path], *, folder: str = "") -> Path:
        """A zip of the entries in order, with their checksums as the last one.

        Args:
            path: of the zip.
            entries: name in the zip → content, or the file that holds it, which is copied piece by piece.
            folder: in the zip, around everything; checksums are said as seen from inside it.

        Raises:
            ChooseAnother: a file of the entries is gone; what was there is unchanged.
            Wait: the folder cannot be written or the disk is full; what was there is unchanged.
        """
        with writing(path) as temporary, zipfile.ZipFile(temporary, "x", zipfile.ZIP_STORED) as bundle:
            prefix = f"{folder}/" if folder else ""
            sums = []
            for name, content in entries.items():
                sums.append(f"{_put(bundle, prefix + name, content)}  {name}\n")
            _put(bundle, prefix + CHECKSUMS, "".join(sums).encode())
        return path


def _put(bundle: zipfile.ZipFile, name: str, content: bytes | Path) -> str:
    """Add one entry; its SHA-256."""
    # Nothing is deflated: pictures and weights do not get smaller, and the texts are no load; but two versions of zlib
    # write different bytes for the same text.
    info = zipfile.ZipInfo(name, _FIXED_DATE)
    info.create_system = _UNIX
    info.external_attr = 0o644 << 16
    digest = hashlib.sha256()
    with _opened(content) as source:
        info.file_size = source.seek(0, io.SEEK_END)
        source.seek(0)
        with bundle.open(info, "w") as entry:
            while piece := source.read(_CHUNK_BYTES):
                digest.update(piece)
                entry.write(piece)
    return digest.hexdigest()


def _opened(content: bytes | Path) -> IO[bytes]:
    if isinstance(content, bytes):
        return io.BytesIO(content)
    try:
        return content.open("rb")
    except FileNotFoundError as error:
        raise ChooseAnother("files.not_found", path=content) from error
