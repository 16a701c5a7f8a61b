"""The ledger's tables, and the way from every earlier form of them to the present one."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from story_engine.errors import LookAtLog

FORCED = 2
"""`wants_cancel` of a job that shall end at once, whatever is lost; 1 asks it to stop."""
Migration = Callable[[sqlite3.Connection], None]


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the tables to the present form, each step once, however many processes open the file at the same time.

    Raises:
        LookAtLog: the file is of a newer Studio.
    """
    found = _format(connection)
    if found > FORMAT:
        raise LookAtLog("jobs.ledger_newer", path=path, found=found, known=FORMAT)
    while found < FORMAT:
        with transaction(connection):
            found = _format(connection)  # another process may have been faster
            if found < FORMAT:
                MIGRATIONS[found](connection)
                found += 1
                connection.execute(f"PRAGMA user_version = {found}")


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


def _format(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _tables(connection: sqlite3.Connection) -> None:
    """From an empty file."""
    for statement in _FIRST_TABLES.split(";"):
        connection.execute(statement)


def _typed_jobs(connection: sqlite3.Connection) -> None:
    """Each specification and result names its kind; how many devices a job takes, and when it ended, are columns."""
    connection.execute("ALTER TABLE jobs ADD COLUMN tokens INTEGER NOT NULL DEFAULT 1")
    connection.execute("ALTER TABLE jobs ADD COLUMN ended_at TEXT")
    for (job,) in connection.execute("SELECT id FROM jobs").fetchall():
        question = "SELECT kind, spec, result FROM jobs WHERE id = ?"
        kind, spec, result = connection.execute(question, (job,)).fetchone()
        asked = _object(spec) or {}
        other = {"train": ("measure", "measure"), "score": ("dataset", "score_dataset")}.get(kind)
        if other is not None and other[0] in asked:
            kind = other[1]
        connection.execute("UPDATE jobs SET kind = ?, tokens = ? WHERE id = ?", (kind, _tokens_of(asked), job))
        for column, text in (("spec", spec), ("result", result)):
            found = _object(text)
            if found:
                named = json.dumps({"kind": kind} | found, ensure_ascii=False)
                connection.execute(f"UPDATE jobs SET {column} = ? WHERE id = ?", (named, job))
    connection.execute(
        "CREATE INDEX finished_jobs ON jobs (coalesce(ended_at, created_at), id)"
        " WHERE state IN ('done', 'failed', 'cancelled')"
    )


def _places(connection: sqlite3.Connection) -> None:
    """A person may change the order of what waits: a job that was moved has another place than its id."""
    connection.execute("ALTER TABLE jobs ADD COLUMN place INTEGER")
    connection.execute("DROP INDEX queued_by_user")
    connection.execute(
        "CREATE INDEX queued_by_user ON jobs (user, priority DESC, coalesce(place, id)) WHERE state = 'queued'"
    )
    connection.execute(
        "CREATE INDEX stopped_jobs ON jobs (coalesce(ended_at, created_at), id)"
        " WHERE state IN ('failed', 'cancelled', 'held')"
    )
    connection.execute("CREATE INDEX jobs_by_key ON jobs (key, id)")


MIGRATIONS: tuple[Migration, ...] = (_tables, _typed_jobs, _places)
"""The one at place n leads from format n to n + 1. Steps that were published are never changed."""
FORMAT = len(MIGRATIONS)
"""`PRAGMA user_version` of the present tables."""

_FIRST_TABLES = """
CREATE TABLE jobs (
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
CREATE UNIQUE INDEX one_active_per_key ON jobs (key) WHERE state IN ('queued', 'running') AND wants_cancel = 0;
CREATE INDEX queued_by_user ON jobs (user, priority DESC, id) WHERE state = 'queued';
CREATE INDEX running_jobs ON jobs (id) WHERE state = 'running';
CREATE INDEX jobs_by_story ON jobs (story, id);
CREATE TABLE progress (job INTEGER PRIMARY KEY, attempt INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE served (user TEXT PRIMARY KEY, turn INTEGER NOT NULL);
"""


def _tokens_of(asked: dict[str, object]) -> int:
    tokens = asked.get("tokens")
    return tokens if isinstance(tokens, int) and tokens > 0 else 1


def _object(text: str) -> dict[str, object] | None:
    """None for what is damaged: it stays as it is, and whoever reads it names it."""
    try:
        text.encode()
        found = json.loads(text)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
