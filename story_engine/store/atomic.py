"""Files that are there whole or not at all, also after a power cut.

Every write: temporary file in the same folder, fsync, rename, fsync of the folder. Rename without fsync leaves empty
files after a power cut on ext4.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from story_engine.errors import ChooseAnother, FixInput, StudioError, Wait

RENAME_TRIES = 10
RENAME_PAUSE_SECONDS = 0.05
"""On Windows a virus scanner that holds the file makes a rename fail for a moment."""
TEMPORARY_SUFFIX = ".writing"
"""Ends the names of files that are not whole yet."""
FORGOTTEN_SECONDS = 3600.0
"""Age from which on a partial file belongs to a process that ended while it wrote."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_REFUSED = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_NO_HARD_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV})
"""What exFAT and some network shares answer to `link`."""


def write_bytes(path: Path, content: bytes) -> None:
    """Put `content` at `path`, replacing what was there; a reader sees the old file or the new one.

    Raises:
        Wait: the disk is full, or the folder cannot be written; what was there is unchanged.
    """
    with _as_ours(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _write_temporary(path, content)
        try:
            _replace(temporary, path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def create_bytes(path: Path, content: bytes) -> bool:
    """Put `content` at `path` unless there is a file already: one of many writers wins, whole.

    Returns:
        False when the file was there; it is unchanged.

    Raises:
        Wait: as `write_bytes`.
    """
    with _as_ours(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _write_temporary(path, content)
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in _NO_HARD_LINKS:
                raise
            if not _create_without_link(path, content):
                return False
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)
        return True


def read_bytes(path: Path, *, limit: int) -> bytes:
    """The content of an ordinary file of at most `limit` bytes; links and devices are never followed.

    Raises:
        FileNotFoundError: there is none; callers know what that means.
        FixInput: it is not an ordinary file, or larger.
        ChooseAnother: it cannot be read.
    """
    # A FIFO would block the page that opens it; a link may lead out of the folder.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO, errno.EISDIR} or path.is_symlink():
            raise FixInput("files.not_ordinary", path=path) from error
        raise ChooseAnother("files.not_readable", path=path, reason=error.strerror) from error
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        os.close(handle)
        raise FixInput("files.not_ordinary", path=path)
    with os.fdopen(handle, "rb") as file:
        if found.st_size > limit:
            raise FixInput("files.too_large", path=path, size=found.st_size, limit=limit)
        return file.read(limit)


def move(source: Path, target: Path) -> None:
    """Move a file or folder within one file system.

    Raises:
        Wait: as `write_bytes`.
    """
    with _as_ours(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(source, target)
        sync_folder(target.parent)
        sync_folder(source.parent)


def cannot_write(path: Path, error: OSError) -> StudioError:
    """What an error of the file system means to a person who wanted to write `path`."""
    if error.errno in _FULL:
        return Wait("files.disk_full", path=path)
    reason = error.strerror or type(error).__name__
    if error.errno in _REFUSED:
        return Wait("files.read_only", path=path, reason=reason)
    return Wait("files.not_written", path=path, reason=reason)


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


def sweep(folder: Path) -> int:
    """Remove temporary files of processes that ended while they wrote; how many."""
    swept = 0
    for path in folder.glob(f".*{TEMPORARY_SUFFIX}"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > FORGOTTEN_SECONDS:
                path.unlink()
                swept += 1
    return swept


def _write_temporary(path: Path, content: bytes) -> Path:
    temporary = path.with_name(f".{path.name[:40]}.{secrets.token_hex(6)}{TEMPORARY_SUFFIX}")
    try:
        _write_synced(temporary, content)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _create_without_link(path: Path, content: bytes) -> bool:
    try:
        _write_synced(path, content)
    except FileExistsError:
        return False
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return True


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _replace(source: Path, target: Path) -> None:
    for tried in range(1, RENAME_TRIES + 1):
        try:
            source.replace(target)
        except PermissionError:
            if tried == RENAME_TRIES:
                raise
            time.sleep(RENAME_PAUSE_SECONDS)
        else:
            return


@contextlib.contextmanager
def _as_ours(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise cannot_write(path, error) from error
