"""Files and folders that are there whole or not at all, also after a power cut: the one writer of the Studio.

Every write: temporary file in the same folder, fsync, rename, fsync of the folder. Rename without fsync leaves empty
files after a power cut on ext4. What is new is as private as the folder that it lies in.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from story_engine.errors import ChooseAnother, FixInput, StudioError, Wait
from story_engine.store.folders import make_folder, mode_of, narrow, sync_file, sync_folder, sync_tree

RENAME_TRIES = 10
RENAME_PAUSE_SECONDS = 0.05
"""On Windows a virus scanner that holds the file makes a rename fail for a moment."""
TEMPORARY_SUFFIX = ".writing"
"""Ends the names of files that are not whole yet."""
BUILDING_SUFFIX = ".building"
"""Ends the names of folders that are not whole yet; they begin with a dot."""
FORGOTTEN_SECONDS = 3600.0
"""Age from which on a partial file belongs to a process that ended while it wrote."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_REFUSED = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_TAKEN = frozenset({errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR})
_NO_HARD_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV})
"""What exFAT and some network shares answer to `link`."""


class _Disk:
    is_synced = True


def stop_syncing() -> None:
    """Write no more for eternity in this process: what it makes is fetched, and stored durably, by another one."""
    _Disk.is_synced = False


def write_bytes(path: Path, content: bytes, *, is_durable: bool = True) -> None:
    """Put `content` at `path`, replacing what was there; a reader sees the old file or the new one.

    Args:
        path: of the file; folders that are missing are made.
        content: all of it.
        is_durable: False for what is no loss after a power cut, such as how far a job is: nothing waits for the disk.

    Raises:
        Wait: the disk is full, or the folder cannot be written; what was there is unchanged.
    """
    with writing(path, is_durable=is_durable) as temporary:
        _write_new(temporary, content, mode=mode_of(path), is_durable=False)


@contextlib.contextmanager
def writing(path: Path, *, is_durable: bool = True) -> Iterator[Path]:
    """A path beside `path` for a library that writes files itself; on leaving it takes the place of `path`, synced.

    An exception leaves what was there as it was, and nothing else.

    Raises:
        Wait: as `write_bytes`, also for errors of the file system in between.
    """
    with _as_ours(path):
        make_folder(path.parent)
        temporary = _beside(path, TEMPORARY_SUFFIX)
        try:
            yield temporary
            narrow(temporary, mode_of(path))
            if is_durable and _Disk.is_synced:
                sync_file(temporary)
            _replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        if is_durable and _Disk.is_synced:
            sync_folder(path.parent)


@contextlib.contextmanager
def building(folder: Path) -> Iterator[Path]:
    """An empty folder beside `folder`; on leaving it is `folder`, with everything in it synced. Whole or not at all.

    Raises:
        FileExistsError: there is a folder or file of that name with something in it; it is unchanged.
        Wait: the disk is full, or the folder cannot be written.
    """
    with _as_ours(folder):
        make_folder(folder.parent)
        fresh = _beside(folder, BUILDING_SUFFIX)
        make_folder(fresh)
        try:
            yield fresh
            sync_tree(fresh)
            is_free = _rename_to_free(fresh, folder)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
        sync_folder(folder.parent)
    if not is_free:
        shutil.rmtree(fresh, ignore_errors=True)
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(folder))


def is_whole(path: Path) -> bool:
    """Whether this is no folder or file that is being made just now, going by its name."""
    return not (path.name.startswith(".") and path.name.endswith((TEMPORARY_SUFFIX, BUILDING_SUFFIX)))


def create_bytes(path: Path, content: bytes) -> bool:
    """Put `content` at `path` unless there is a file already: one of many writers wins, whole.

    Returns:
        False when the file was there; it is unchanged.

    Raises:
        Wait: as `write_bytes`.
    """
    with _as_ours(path):
        make_folder(path.parent)
        temporary = _beside(path, TEMPORARY_SUFFIX)
        try:
            _write_new(temporary, content, mode=mode_of(path))
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


def append_bytes(path: Path, content: bytes) -> None:
    """Put `content` behind what `path` holds, synced. A crash may leave a part of it: readers expect a torn end.

    Raises:
        Wait: as `write_bytes`.
    """
    with _as_ours(path):
        make_folder(path.parent)
        mode = mode_of(path)
        with open(path, "ab", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(content)
            file.flush()
            if _Disk.is_synced:
                os.fsync(file.fileno())


def keep_copy(source: Path, target: Path) -> None:
    """Make `target` a file with the content of `source`, which stays: linked where that can be had, else copied.

    For files that are only ever replaced, never changed in place.

    Raises:
        Wait: as `write_bytes`.
    """
    with _as_ours(target):
        make_folder(target.parent)
        temporary = _beside(target, TEMPORARY_SUFFIX)
        try:
            try:
                os.link(source, temporary)
            except OSError as error:
                if error.errno not in _NO_HARD_LINKS:
                    raise
                shutil.copyfile(source, temporary)
                narrow(temporary, mode_of(target))
            sync_file(temporary)
            _replace(temporary, target)
        finally:
            # Renaming one name of a file onto another name of the same file does nothing, and leaves both.
            temporary.unlink(missing_ok=True)
        sync_folder(target.parent)


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


def move(source: Path, target: Path, *, is_durable: bool = True) -> None:
    """Move a file or folder. What lies on another file system is copied whole first, then deleted there.

    Args:
        source: what is there.
        target: where it shall be; folders that are missing are made.
        is_durable: False for one of many, whose folders the caller syncs once at the end.

    Raises:
        Wait: as `write_bytes`; the source is unchanged.
    """
    with _as_ours(target):
        make_folder(target.parent)
        try:
            _replace(source, target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _move_across(source, target)
        if is_durable:
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


def sweep(folder: Path) -> int:
    """Remove temporary files and half-built folders of processes that ended while they wrote; how many."""
    swept = 0
    for suffix in (TEMPORARY_SUFFIX, BUILDING_SUFFIX):
        for path in folder.glob(f".*{suffix}"):
            with contextlib.suppress(OSError):
                if time.time() - path.lstat().st_mtime > FORGOTTEN_SECONDS:
                    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
                    swept += 1
    return swept


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(f".{path.name[:40]}.{secrets.token_hex(6)}{suffix}")


def _create_without_link(path: Path, content: bytes) -> bool:
    try:
        _write_new(path, content, mode=mode_of(path))
    except FileExistsError:
        return False
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return True


def _write_new(path: Path, content: bytes, *, mode: int, is_durable: bool = True) -> None:
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        file.write(content)
        file.flush()
        if is_durable:
            os.fsync(file.fileno())


def _rename_to_free(source: Path, target: Path) -> bool:
    try:
        source.rename(target)
    except OSError as error:
        if error.errno in _TAKEN or target.exists():
            return False
        raise
    return True


def _move_across(source: Path, target: Path) -> None:
    whole = _beside(target, BUILDING_SUFFIX)
    try:
        if source.is_dir():
            shutil.copytree(source, whole, symlinks=True)
            sync_tree(whole)
        else:
            shutil.copy2(source, whole)
            sync_file(whole)
        _replace(whole, target)
    except BaseException:
        shutil.rmtree(whole, ignore_errors=True) if whole.is_dir() else whole.unlink(missing_ok=True)
        raise
    shutil.rmtree(source) if source.is_dir() else source.unlink()


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
