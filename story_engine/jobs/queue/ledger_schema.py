"""The ledger's tables, and connections to them that speak the Studio's errors."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil

from story_engine.errors import FixInput, LookAtLog, StudioError, Wait

FORMAT = 1
"""`PRAGMA user_version` of the tables below."""
FORCED = 2
"""`wants_cancel` of a job that shall end at once, whatever is lost; 1 asks it to stop."""
BUSY_SECONDS = 10.0
"""How long a writer waits for another one; transactions here take milliseconds."""
NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afs", "afpfs", "lustre", "gpfs", "beegfs", "ceph"}
    | {"glusterfs", "fuse.sshfs", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "davfs", "fuse.davfs2", "webdav"}
)
"""SQLite's write-ahead log needs shared memory between all writers, which these do not give.

Source: https://www.sqlite.org/wal.html, "all processes using a database must be on the same host computer".
"""
_TABLES = """
CREATE TABLE IF NOT EXISTS jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    user TEXT NOT NULL,
    priority INTEGER NOT NULL,
    story TEXT,
    scenes TEXT NOT NULL,
    spec TEXT NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0,
    stalls INTEGER NOT NULL DEFAULT 0,
    stops INTEGER NOT NULL DEFAULT 0,
    wants_cancel INTEGER NOT NULL DEFAULT 0,
    error_code TEXT,
    error_values TEXT NOT NULL DEFAULT '{}',
    log_id TEXT,
    result TEXT NOT NULL DEFAULT '{}',
    created_at TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS one_active_per_key ON jobs (key)
    WHERE state IN ('queued', 'running') AND wants_cancel = 0;
CREATE INDEX IF NOT EXISTS queued_by_user ON jobs (user, priority DESC, id) WHERE state = 'queued';
CREATE INDEX IF NOT EXISTS running_jobs ON jobs (id) WHERE state = 'running';
CREATE INDEX IF NOT EXISTS jobs_by_story ON jobs (story, id);
CREATE TABLE IF NOT EXISTS progress (job INTEGER PRIMARY KEY, attempt INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS served (user TEXT PRIMARY KEY, turn INTEGER NOT NULL);
"""


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
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Wait("jobs.ledger_read_only", path=path) from error
        file_system = network_file_system(path.parent, _mounted())
        if file_system is not None:
            raise FixInput("jobs.network_disk", path=path.parent, file_system=file_system)
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        _switch_to_write_ahead(connection)
        connection.execute(f"PRAGMA synchronous = {'FULL' if is_durable else 'NORMAL'}")
        _make_tables(connection, path)
        return connection


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Everything inside or nothing; takes the write lock at once, so that what was read is still true."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # a full disk has rolled back already
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


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


def _make_tables(connection: sqlite3.Connection, path: Path) -> None:
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > FORMAT:
        raise LookAtLog("jobs.ledger_newer", path=path, found=found, known=FORMAT)
    if found == FORMAT:
        return
    with transaction(connection):
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {FORMAT}")


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
