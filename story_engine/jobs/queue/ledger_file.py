"""The ledger's file: connections to it that speak the Studio's errors, and whether it is still the same one."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from story_engine.errors import FixInput, LookAtLog, StudioError, Wait
from story_engine.jobs.queue.ledger_schema import migrate
from story_engine.store.folders import make_folder

BUSY_SECONDS = 10.0
"""How long a writer waits for another one; transactions here take milliseconds."""
NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afs", "afpfs", "lustre", "gpfs", "beegfs", "ceph"}
    | {"glusterfs", "fuse.sshfs", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "davfs", "fuse.davfs2", "webdav"}
)
"""SQLite's write-ahead log needs shared memory between all writers, which these do not give.

Source: https://www.sqlite.org/wal.html, "all processes using a database must be on the same host computer".
"""
_WAL_BYTES = 4 * 2**20
"""What stays of the write-ahead log after it has been taken over into the file."""


def connect(path: Path, *, is_durable: bool) -> sqlite3.Connection:
    """A connection in autocommit mode, shared between threads by its owner's lock.

    Args:
        path: the ledger; it and its tables are made where they are missing.
        is_durable: flush at every commit (states); else only at checkpoints (progress, which may be lost).

    Raises:
        FixInput: the ledger lies on a network file system.
        Wait: the disk is full or cannot be written.
        LookAtLog: the file is damaged, or of a newer Studio.
    """
    with as_ours(path):
        try:
            make_folder(path.parent)
        except OSError as error:
            raise Wait("jobs.ledger_read_only", path=path) from error
        file_system = network_file_system(path.parent, _mounted())
        if file_system is not None:
            raise FixInput("jobs.network_disk", path=path.parent, file_system=file_system)
        _make_private(path)
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            connection.row_factory = sqlite3.Row
            _switch_to_write_ahead(connection)
            connection.execute(f"PRAGMA synchronous = {'FULL' if is_durable else 'NORMAL'}")
            connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
            with _tolerant(connection):
                migrate(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


def rows_of(
    connection: sqlite3.Connection, question: str, values: Mapping[str, object] | Sequence[object] = ()
) -> list[sqlite3.Row]:
    """The answer to a question, rows with damaged text too: one of them must not keep a whole list from being read."""
    try:
        return connection.execute(question, values).fetchall()
    except sqlite3.OperationalError as error:
        if "decode" not in str(error):
            raise
    with _tolerant(connection):  # ten times slower
        return connection.execute(question, values).fetchall()


def file_id(path: Path) -> tuple[int, int] | None:
    """Tells the file that lies there from another one of the same name; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def size_bytes(path: Path) -> int:
    """Of the ledger with its write-ahead log."""
    total = 0
    for part in (path, *(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))):
        with contextlib.suppress(OSError):
            total += part.stat().st_size
    return total


def shrink(connection: sqlite3.Connection) -> None:
    """Take the write-ahead log over into the file and empty it. Whoever is using it meanwhile is not waited for."""
    connection.execute("PRAGMA busy_timeout = 100")
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {round(1000 * BUSY_SECONDS)}")


@contextlib.contextmanager
def as_ours(path: Path) -> Iterator[None]:
    """SQLite's errors as ours."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.DatabaseError as error:
        raise _ours(path, error) from error


def network_file_system(folder: Path, mounts: Iterable[tuple[str, str]]) -> str | None:
    """Name of the network file system that `folder` lies on, None for a local one.

    Args:
        folder: absolute.
        mounts: mount point, file system type.
    """
    under = [(Path(point), kind) for point, kind in mounts if folder.is_relative_to(point)]
    if not under:
        return None
    kind = max(under, key=lambda mount: len(mount[0].parts))[1].lower()
    return kind if kind in NETWORK_FILE_SYSTEMS else None


def _mounted() -> list[tuple[str, str]]:
    try:
        return [(part.mountpoint, part.fstype) for part in psutil.disk_partitions(all=True)]
    except OSError:  # a sandbox may hide the table of mounts
        return []


def _switch_to_write_ahead(connection: sqlite3.Connection) -> None:
    """SQLite does not wait for a lock while it changes the journal, so two processes that open at once collide."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.02)


def _make_private(path: Path) -> None:
    """It holds prompts: nobody else's to read. SQLite gives what lies beside it the same rights.

    A file that its owner has opened to a group for writing stays open to it.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    for part in (path, *(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))):
        with contextlib.suppress(OSError):  # not there, or another's
            mode = stat.S_IMODE(part.stat().st_mode)
            if mode & 0o077 and not mode & stat.S_IWGRP:
                part.chmod(mode & 0o700)


@contextlib.contextmanager
def _tolerant(connection: sqlite3.Connection) -> Iterator[None]:
    """Damaged text is read so that whoever checks its row finds that it is no text."""
    connection.text_factory = lambda content: content.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        connection.text_factory = str


def _ours(path: Path, error: sqlite3.DatabaseError) -> StudioError:
    kind = getattr(error, "sqlite_errorname", "") or ""
    if kind.startswith("SQLITE_FULL"):
        return Wait("jobs.ledger_full", path=path)
    if kind.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return Wait("jobs.ledger_read_only", path=path)
    if kind.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Wait("jobs.ledger_busy", path=path)
    if kind.startswith("SQLITE_IOERR"):
        return Wait("jobs.ledger_full", path=path)  # what a full disk gives where the log could not grow
    return LookAtLog("jobs.ledger_damaged", path=path, reason=str(error))
