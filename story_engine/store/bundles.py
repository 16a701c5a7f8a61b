"""Bundles: zips that are handed in, written whole or not at all."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from story_engine.store.atomic import write_bytes
from story_engine.store.layout import Layout

CHECKSUMS = "SHA256SUMS"
_FIXED_DATE = (2024, 1, 1, 0, 0, 0)
"""The same content makes the same zip, byte for byte."""


class BundleStore:
    """The exported zips of a workspace."""

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.bundles

    def path(self, slug: str) -> Path:
        """Where the bundle of a story is written unless a person names another place."""
        return self._folder / f"{slug}.zip"

    def write(self, path: Path, entries: Mapping[str, bytes | Path]) -> Path:
        """A zip of the entries in order, with their checksums as the last one.

        Args:
            path: of the zip.
            entries: name in the zip → content, or the file that holds it.

        Raises:
            Wait: the folder cannot be written or the disk is full; what was there is unchanged.
        """
        write_bytes(path, _zip(entries))
        return path


def _zip(entries: Mapping[str, bytes | Path]) -> bytes:
    """The zip as bytes: two dozen pictures of a few megabytes each are no load for a machine that paints them."""
    file = io.BytesIO()
    sums = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in entries.items():
            data = content.read_bytes() if isinstance(content, Path) else content
            sums.append(f"{hashlib.sha256(data).hexdigest()}  {name}\n")
            bundle.writestr(_entry(name), data)
        bundle.writestr(_entry(CHECKSUMS), "".join(sums))
    return file.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _FIXED_DATE)
    # PNG and JPEG do not get smaller; deflating them only costs time.
    info.compress_type = zipfile.ZIP_STORED if name.endswith((".png", ".jpg")) else zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info
