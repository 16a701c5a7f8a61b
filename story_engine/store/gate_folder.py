"""Folders in which the challenge's script finds the pictures of a bundle, and nothing else."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from story_engine.store.atomic import write_bytes
from story_engine.store.folders import make_folder
from story_engine.store.layout import Layout


@contextlib.contextmanager
def pictures_folder(layout: Layout, entries: Mapping[str, bytes | Path]) -> Iterator[Path]:
    """A folder with the very bytes of `entries` under their last names; gone on leaving.

    Args:
        layout: of the workspace.
        entries: name in the bundle → content, or the file that holds it.

    Raises:
        Wait: the workspace cannot be written.
    """
    folder = layout.gate / secrets.token_hex(8)
    make_folder(folder)
    try:
        for name, content in entries.items():
            data = content.read_bytes() if isinstance(content, Path) else content
            write_bytes(folder / PurePosixPath(name).name, data, is_durable=False)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
