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

from story_engine.domain.job import Direction, JobView, LedgerSize, Progress, Retention, Turn
from story_engine.domain.job_spec import AnySpec, JobSpec, TrainSpec, read_spec
from story_engine.errors import ChooseAnother, FixInput, LookAtLog, Wait
from story_engine.jobs.queue.ledger_file import as_ours, connect, file_id, rows_of, size_bytes
from story_engine.jobs.queue.ledger_order import move, turns
from story_engine.jobs.queue.ledger_prune import MOST_LISTED, forgettable, prune
from story_engine.jobs.queue.ledger_rows import UNREADABLE, progress_of, view_of
from story_engine.jobs.queue.ledger_schema import FORCED, transaction
from story_engine.store.layout import Layout
from story_engine.store.timestamps import now

LARGEST_ID = 2**63 - 1
"""Of SQLite; a larger number names no job."""
_VIEW = """
SELECT jobs.id, key, kind, state, story, scenes, jobs.attempt, wants_cancel, error_code, error_values, log_id, result,
    created_at, progress.body AS progress
FROM jobs LEFT JOIN progress ON progress.job = jobs.id AND progress.attempt = jobs.attempt
"""


class Ledger:
    """The jobs of a workspace. Opens the file at the first question."""

    def __init__(self, layout: Layout, retention: Retention | None = None, *, most_waiting: int = 0) -> None:
        """The list in a workspace; `most_waiting`: jobs that may wait at once, 0 for as many as are asked for."""
        self._path = layout.ledger
        self._most_waiting = most_waiting
        self._retention = retention or Retention()
        self._lock = threading.RLock()
        self._opened: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None

    def submit(
        self,
        spec: JobSpec,
        *,
        key: str,
        priority: int,
        user: str,
        story: str | None,
        scenes: Sequence[str],
    ) -> int:
        """Queue a job. While one of the same key waits or runs, that one is meant: its id, at the higher priority.

        Args:
            spec: what to do.
            key: the same work has the same key. A job that has been asked to stop does not count any more.
            priority: higher goes first.
            user: for fair share.
            story: slug, for the page that shows it.
            scenes: ids of the scenes that it changes.

        Raises:
            Wait: the disk is full or cannot be written, or as many jobs wait as may; nothing was queued.
        """
        fields = (
            key,
            spec.kind,
            user,
            priority,
            story,
            json.dumps(list(scenes), ensure_ascii=False),
            spec.model_dump_json(),
            spec.tokens,
            now(),
        )
        with self._writing() as connection:
            active = _active_of(connection, key)
            if active is not None:
                connection.execute("UPDATE jobs SET priority = max(priority, ?) WHERE id = ?", (priority, active))
                return active
            self.check_quota()
            done = connection.execute(
                "INSERT INTO jobs (key, kind, state, user, priority, story, scenes, spec, tokens, created_at)"
                " VALUES (?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?)",
                fields,
            )
            return int(done.lastrowid or 0)

    def waiting(self) -> int:
        """How many jobs wait for their turn."""
        return int(self._read("SELECT count(*) AS jobs FROM jobs WHERE state = 'queued'", {})[0]["jobs"])

    def check_quota(self) -> None:
        """Refuse another job where as many wait as one person of a class may have waiting.

        Raises:
            Wait: they do.
        """
        if self._most_waiting and (waiting := self.waiting()) >= self._most_waiting:
            raise Wait("members.too_many_jobs", waiting=waiting, limit=self._most_waiting)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """What is read inside is still so when something is submitted inside: nobody else queues or ends a job.

        Raises:
            Wait: the disk cannot be written.
        """
        with self._writing():
            yield

    def jobs(self, *, story: str | None = None, active: bool = True) -> tuple[JobView, ...]:
        """Jobs, oldest first: those that wait or run, or with `active=False` the last fifty of every state."""
        where = ["jobs.state IN ('queued', 'running')"] if active else []
        where += ["jobs.story = :story"] if story is not None else []
        condition = f"WHERE {' AND '.join(where)}" if where else ""
        limit = "" if active else f"LIMIT {MOST_LISTED}"
        rows = self._read(f"{_VIEW} {condition} ORDER BY jobs.id DESC {limit}", {"story": story})
        views = self._views(list(reversed(rows)))
        return tuple(view for view in views if view.is_active) if active else views

    def turns(self) -> tuple[Turn, ...]:
        """The jobs that wait, in the order in which their turns will come if nothing else is submitted."""
        with self._lock, as_ours(self._path):
            order = turns(self._connection())
        waiting = {view.id: view for view in self.jobs() if view.state == "queued"} if order else {}
        owned = [(waiting[job], user) for job, user in order if job in waiting]
        places: dict[str, list[int]] = {}
        for view, user in owned:
            places.setdefault(user, []).append(view.id)
        return tuple(
            Turn(job=view, is_first=places[user][0] == view.id, is_last=places[user][-1] == view.id)
            for view, user in owned
        )

    def move(self, job: int, to: Direction) -> None:
        """Change the turn of a job that waits, among those of the same person.

        Args:
            job: its id.
            to: one place up or down, or to an end of the row; where it is there already, it stays.

        Raises:
            ChooseAnother: there is none with this id, or it does not wait any more.
            Wait: the disk cannot be written; nothing was moved.
        """
        with self._writing() as connection:
            if self.job(job).state != "queued":
                raise ChooseAnother("jobs.not_waiting", job=job)
            move(connection, job, to)

    def stopped(self, *, since: str, most: int) -> tuple[JobView, ...]:
        """Jobs that came to nothing since then and that nobody has asked for again, last first; held ones always."""
        newest = "NOT EXISTS (SELECT 1 FROM jobs AS later WHERE later.key = jobs.key AND later.id > jobs.id)"
        question = f"""{_VIEW} WHERE jobs.state IN ('failed', 'cancelled', 'held')
            AND (jobs.state = 'held' OR coalesce(ended_at, created_at) >= :since) AND {newest}
            ORDER BY coalesce(ended_at, created_at) DESC, jobs.id DESC LIMIT :most"""
        return self._views(self._read(question, {"since": since, "most": most}))

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

    def spec(self, job: int) -> AnySpec | None:
        """What the job was given to do; None where there is none with this id, or where that cannot be read."""
        rows = self._read("SELECT spec FROM jobs WHERE id = :job", {"job": job})
        return _spec(rows[0]) if rows else None

    def asked(self, kind: str) -> list[str]:
        """Word for word what every job of a kind was given to do, those that are over included."""
        return [row["spec"] for row in self._read("SELECT spec FROM jobs WHERE kind = :kind", {"kind": kind})]

    def request_cancel(self, job: int, *, is_forced: bool = False) -> None:
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
                "UPDATE jobs SET state = 'cancelled', error_code = 'jobs.cancelled', ended_at = ?"
                " WHERE id = ? AND state IN ('queued', 'held')",
                (now(), job),
            )
            how = FORCED if is_forced else 1
            connection.execute(
                "UPDATE jobs SET wants_cancel = max(wants_cancel, ?) WHERE id = ? AND state = 'running'", (how, job)
            )

    def retry(self, job: int) -> int:
        """Queue a failed, cancelled or held job again; the id of the job that does the work.

        Raises:
            ChooseAnother: there is none with this id, or it is done.
            Wait: it is still being stopped, or the disk cannot be written.
            LookAtLog: its entry is damaged.
        """
        with self._writing() as connection:
            view = self.job(job)
            if view.error_code == UNREADABLE:
                raise LookAtLog(UNREADABLE, **view.error_values)
            if view.state == "done":
                raise ChooseAnother("jobs.is_done", job=job)
            key = rows_of(connection, "SELECT key FROM jobs WHERE id = ?", (job,))[0]["key"]
            active = _active_of(connection, key)
            if active is not None:
                return active
            if view.is_active:
                raise Wait("jobs.being_stopped", job=job)
            self.check_quota()
            connection.execute(
                "UPDATE jobs SET state = 'queued', crashes = 0, stalls = 0, stops = 0, wants_cancel = 0,"
                " error_code = NULL, error_values = '{}', log_id = NULL, ended_at = NULL WHERE id = ?",
                (job,),
            )
            return job

    def size(self) -> LedgerSize:
        """How much the list takes up."""
        count = "SELECT count(*) AS jobs, count(*) FILTER (WHERE state IN ('queued', 'running')) AS active FROM jobs"
        (row,) = self._read(count, {})
        return LedgerSize(size_bytes=size_bytes(self._path), jobs=row["jobs"], active=row["active"])

    def prune(self, retention: Retention | None = None) -> int:
        """Forget jobs that have long been over, and give their space back; how many they were.

        Raises:
            Wait: the disk cannot be written.
        """
        with self._lock, as_ours(self._path):
            return prune(self._connection(), retention or self._retention)

    def forgettable(self, retention: Retention) -> int:
        """How many jobs `prune` would forget now."""
        with self._lock, as_ours(self._path):
            return forgettable(self._connection(), retention)

    def close(self) -> None:
        """Let go of the file; the next question opens it again."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def _connection(self) -> sqlite3.Connection:
        if self._opened is not None and self._opened.in_transaction:
            return self._opened
        if self._opened is not None and (self._file is None or file_id(self._path) != self._file):
            self.close()  # it was deleted or replaced: nobody reads what is written into the old one
        if self._opened is None:
            self._opened = connect(self._path, is_durable=True)
            self._file = file_id(self._path)
        return self._opened

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, as_ours(self._path):
            connection = self._connection()
            if connection.in_transaction:  # inside `alone`
                yield connection
                return
            with transaction(connection):
                yield connection

    def _views(self, rows: Sequence[sqlite3.Row]) -> tuple[JobView, ...]:
        training = self._waited_for() if any(row["state"] == "queued" for row in rows) else None
        return tuple(view_of(row, waits_for=training) for row in rows)

    def _waited_for(self) -> Progress | None:
        """How far the training is that all waiting jobs wait for; None where something else ends first."""
        running = self._read(f"{_VIEW} WHERE jobs.state = 'running' ORDER BY jobs.id", {})
        if not running or any(row["kind"] != "train" for row in running):
            return None
        spec = self.spec(running[0]["id"])
        name = spec.name if isinstance(spec, TrainSpec) else ""
        return dataclasses.replace(progress_of(running[0]), stage="waiting", note=name)

    def _read(self, question: str, values: dict[str, object] | tuple[str, ...]) -> list[sqlite3.Row]:
        with self._lock, as_ours(self._path):
            return rows_of(self._connection(), question, values)


def _active_of(connection: sqlite3.Connection, key: str) -> int | None:
    row = connection.execute(
        "SELECT id FROM jobs WHERE key = ? AND state IN ('queued', 'running') AND wants_cancel = 0", (key,)
    ).fetchone()
    return None if row is None else int(row["id"])


def _spec(row: sqlite3.Row) -> AnySpec | None:
    try:
        return read_spec(row["spec"])
    except FixInput:
        return None
