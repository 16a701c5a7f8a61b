"""The ledger: the truth about jobs. What people may ask of it; the dispatcher's side is in work_ledger.

Pages use this class alone, from any thread. Jobs are ordered by row, never by clock.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from story_engine.domain.job import KINDS, JobView, Progress
from story_engine.errors import ChooseAnother
from story_engine.jobs.queue.ledger_schema import FORCED, as_ours, connect, transaction
from story_engine.store.layout import Layout

MOST_LISTED = 50
"""Finished jobs that a list goes back."""
LARGEST_ID = 2**63 - 1
"""Of SQLite; a larger number names no job."""
_VIEW = """
SELECT jobs.*, progress.body AS progress FROM jobs
LEFT JOIN progress ON progress.job = jobs.id AND progress.attempt = jobs.attempt
"""


class Ledger:
    """The jobs of a workspace. Opens the file at the first question."""

    def __init__(self, layout: Layout) -> None:
        self._path = layout.ledger
        self._lock = threading.RLock()
        self._opened: sqlite3.Connection | None = None

    def submit(
        self,
        kind: str,
        spec: dict[str, object],
        *,
        key: str,
        priority: int,
        user: str,
        story: str | None,
        scenes: Sequence[str],
    ) -> int:
        """Queue a job. While one of the same key waits or runs, that one is meant: its id, at the higher priority.

        Args:
            kind: one of `KINDS`.
            spec: plain JSON; what the child gets.
            key: the same work has the same key. A job that has been asked to stop does not count any more.
            priority: higher goes first.
            user: for fair share.
            story: slug, for the page that shows it.
            scenes: ids of the scenes that it changes.

        Raises:
            Wait: the disk is full or cannot be written; nothing was queued.
        """
        if kind not in KINDS:
            raise ValueError(f"unknown kind of job: {kind!r}")
        fields = (
            key,
            kind,
            user,
            priority,
            story,
            json.dumps(list(scenes), ensure_ascii=False),
            json.dumps(spec, ensure_ascii=False),
            datetime.now(UTC).isoformat(timespec="seconds"),
        )
        with self._writing() as connection:
            active = _active_of(connection, key)
            if active is not None:
                connection.execute("UPDATE jobs SET priority = max(priority, ?) WHERE id = ?", (priority, active))
                return active
            done = connection.execute(
                "INSERT INTO jobs (key, kind, state, user, priority, story, scenes, spec, created_at)"
                " VALUES (?, ?, 'queued', ?, ?, ?, ?, ?, ?)",
                fields,
            )
            return int(done.lastrowid or 0)

    def jobs(self, *, story: str | None = None, active: bool = True) -> tuple[JobView, ...]:
        """Jobs, oldest first: those that wait or run, or with `active=False` the last fifty of every state."""
        where = ["jobs.state IN ('queued', 'running')"] if active else []
        where += ["jobs.story = :story"] if story is not None else []
        condition = f"WHERE {' AND '.join(where)}" if where else ""
        limit = "" if active else f"LIMIT {MOST_LISTED}"
        rows = self._read(f"{_VIEW} {condition} ORDER BY jobs.id DESC {limit}", {"story": story})
        return self._views(list(reversed(rows)))

    def latest(self, keys: Sequence[str]) -> dict[str, JobView]:
        """The last job of each key that ever had one."""
        marks = ", ".join("?" * len(keys))
        newest = f"SELECT max(id) FROM jobs WHERE key IN ({marks}) GROUP BY key"
        rows = self._read(f"{_VIEW} WHERE jobs.id IN ({newest})", tuple(keys))
        return dict(zip([row["key"] for row in rows], self._views(rows), strict=True))

    def job(self, job: int) -> JobView:
        """One job.

        Raises:
            ChooseAnother: there is none with this id.
        """
        rows = self._read(f"{_VIEW} WHERE jobs.id = :job", {"job": job}) if 0 < job <= LARGEST_ID else []
        if not rows:
            raise ChooseAnother("jobs.not_found", job=job)
        return self._views(rows)[0]

    def spec(self, job: int) -> dict[str, Any]:
        """What the job was given to do; empty where there is none with this id."""
        rows = self._read("SELECT spec FROM jobs WHERE id = :job", {"job": job})
        return dict(json.loads(rows[0]["spec"])) if rows else {}

    def want_cancel(self, job: int, *, is_forced: bool = False) -> None:
        """Ask a job to stop: at once where it waits, at its next step where it runs. Finished ones stay as they are.

        Args:
            job: its id.
            is_forced: end it now, whatever it has not saved.

        Raises:
            ChooseAnother: there is none with this id.
            Wait: the disk cannot be written.
        """
        self.job(job)
        with self._writing() as connection:
            connection.execute(
                "UPDATE jobs SET state = 'cancelled', error_code = 'jobs.cancelled'"
                " WHERE id = ? AND state IN ('queued', 'held')",
                (job,),
            )
            wish = FORCED if is_forced else 1
            connection.execute(
                "UPDATE jobs SET wants_cancel = max(wants_cancel, ?) WHERE id = ? AND state = 'running'", (wish, job)
            )

    def retry(self, job: int) -> int:
        """Queue a failed, cancelled or held job again; the id of the job that does the work.

        Raises:
            ChooseAnother: there is none with this id, or it is done.
            Wait: the disk cannot be written.
        """
        with self._writing() as connection:
            row = connection.execute("SELECT key, state FROM jobs WHERE id = ?", (job,)).fetchone()
            if row is None:
                raise ChooseAnother("jobs.not_found", job=job)
            if row["state"] == "done":
                raise ChooseAnother("jobs.is_done", job=job)
            active = _active_of(connection, row["key"])
            if active is not None:
                return active
            connection.execute(
                "UPDATE jobs SET state = 'queued', crashes = 0, stalls = 0, stops = 0, wants_cancel = 0,"
                " error_code = NULL, error_values = '{}', log_id = NULL"
                " WHERE id = ? AND state IN ('failed', 'cancelled', 'held')",
                (job,),
            )
            return job

    def close(self) -> None:
        """Let go of the file; the next question opens it again."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            self._opened = connect(self._path, is_durable=True)
        return self._opened

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, as_ours(self._path):
            connection = self._connection()
            with transaction(connection):
                yield connection

    def _views(self, rows: Sequence[sqlite3.Row]) -> tuple[JobView, ...]:
        training = self._waited_for() if any(row["state"] == "queued" for row in rows) else None
        return tuple(_view(row, training) for row in rows)

    def _waited_for(self) -> Progress | None:
        """How far the training is that all waiting jobs wait for; None where something else ends first."""
        running = self._read(f"{_VIEW} WHERE jobs.state = 'running' ORDER BY jobs.id", {})
        if not running or any(row["kind"] != "train" for row in running):
            return None
        name = str(json.loads(running[0]["spec"]).get("name", ""))
        return dataclasses.replace(_progress(running[0]), stage="waiting", note=name)

    def _read(self, question: str, values: dict[str, object] | tuple[str, ...]) -> list[sqlite3.Row]:
        with self._lock, as_ours(self._path):
            return self._connection().execute(question, values).fetchall()


def _active_of(connection: sqlite3.Connection, key: str) -> int | None:
    row = connection.execute(
        "SELECT id FROM jobs WHERE key = ? AND state IN ('queued', 'running') AND wants_cancel = 0", (key,)
    ).fetchone()
    return None if row is None else int(row["id"])


def _view(row: sqlite3.Row, training: Progress | None) -> JobView:
    return JobView(
        id=row["id"],
        kind=row["kind"],
        state=row["state"],
        story=row["story"],
        scenes=tuple(json.loads(row["scenes"])),
        attempt=row["attempt"],
        progress=training if training is not None and row["state"] == "queued" else _progress(row),
        error_code=row["error_code"],
        error_values=json.loads(row["error_values"]),
        log_id=row["log_id"],
        created_at=row["created_at"],
        wants_cancel=bool(row["wants_cancel"]),
        result=json.loads(row["result"]),
    )


def _progress(row: sqlite3.Row) -> Progress:
    if row["state"] == "queued":
        return Progress(stage="waiting")
    if row["progress"] is None:
        return Progress(stage="loading" if row["state"] == "running" else "")
    fields = json.loads(row["progress"])
    return Progress(**(fields | {"scenes": tuple(fields.get("scenes", ()))}))
