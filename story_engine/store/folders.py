"""Folders and files as the disk keeps them: who may open them, and when they outlast a power cut."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, for their owner alone; inside one that a group shares, for that group too."""
    if folder.is_dir():
        return
    if folder.parent != folder:
        make_folder(folder.parent)
    is_shared = bool(folder.parent.stat().st_mode & stat.S_ISGID)
    folder.mkdir(mode=0o770 if is_shared else 0o700, exist_ok=True)


def holds_anything(folder: Path) -> bool:
    """Whether a name is in use: a file, or a folder that is not empty. A crash may have left an empty one."""
    try:
        return any(True for _ in os.scandir(folder))
    except FileNotFoundError:
        return False
    except OSError:
        return True


def mode_of(path: Path) -> int:
    """The mode that a file at `path` is to have: that of the file which it replaces, never wider than its folder's."""
    try:
        wanted = stat.S_IMODE(path.stat().st_mode) & 0o666 | 0o600
    except OSError:
        wanted = 0o666
    return _mode_inside(path.parent, wanted)


def _mode_inside(folder: Path, wanted: int) -> int:
    """`wanted`, but nobody may do more in a folder's files than in the folder: a private workspace stays so."""
    try:
        return wanted & stat.S_IMODE(folder.stat().st_mode) | (wanted & 0o700)
    except OSError:
        return wanted


def narrow(path: Path, mode: int) -> None:
    """Take from a file what `mode` does not allow; for files that a library made in its own way.

    A file system without modes, or a file of somebody else, is no fault.
    """
    with contextlib.suppress(OSError):
        if (present := stat.S_IMODE(path.stat().st_mode)) != (narrowed := present & mode):
            path.chmod(narrowed)


def sync_file(path: Path) -> None:
    """Make the content of a file durable."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable. Does nothing where folders cannot be opened (Windows)."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network file systems have no fsync of folders; a failing disk is another matter.
        if error.errno not in {errno.EINVAL, errno.ENOTSUP, errno.EBADF}:
            raise
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """Make everything in a folder durable, its files and the names of its files."""
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            sync_tree(Path(entry.path))
        elif entry.is_file(follow_symlinks=False):
            sync_file(Path(entry.path))
    sync_folder(folder)
