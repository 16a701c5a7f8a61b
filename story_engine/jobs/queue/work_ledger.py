"""The dispatcher's side of the ledger: claim, progress, outcomes. One thread of one process writes here."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from story_engine.domain.job import Progress, Retention
from story_engine.domain.job_result import JobResult
from story_engine.errors import Wait
from story_engine.jobs.queue.ledger_claim import ASIDE, MOST_STOPS, Claim, Judge, claim_next, take_over
from story_engine.jobs.queue.ledger_file import as_ours, connect, file_id
from story_engine.jobs.queue.ledger_prune import prune, retention_of
from story_engine.jobs.queue.ledger_rows import NO_RESULT, as_json, progress_text
from story_engine.jobs.queue.ledger_schema import FORCED, transaction
from story_engine.store.layout import Layout
from story_engine.store.timestamps import now

MOST_CRASHES = 3
"""Deaths of the child under one job; then it is the job's fault."""
MOST_STALLS = 2
"""Times that a job may stand still: one retry."""
MOST_OF_A_TRAINING = 1
"""Deaths or halts of a training: a person sees that it was interrupted, and lets it go on from what it saved."""
PRUNE_SECONDS = 3600.0
"""How often what is over is forgotten."""
_LOG = logging.getLogger(__name__)
_MINE = "WHERE id = :job AND attempt = :attempt AND state = 'running'"
"""The fence: an outcome counts only for the attempt that is running now."""


class WorkLedger:
    """Must be made and used in one thread: several writers wait for each other in steps of 100 ms."""

    def __init__(self, layout: Layout, retention: Retention | None = None) -> None:
        self._path = layout.ledger
        self._layout = layout
        self._retention = retention or retention_of(layout)
        self._claimed: dict[int, int] = {}
        """Job → attempt of what was claimed here and has not ended."""
        self._orphans: dict[int, int] = {}
        """The same of a list that has been deleted: nobody asks for them any more."""
        self._pruned_at: float | None = None
        self._open()

    def close(self) -> None:
        """Let go of the file."""
        self._progress.close()
        self._states.close()

    def take_over(self) -> int:
        """Queue again what a dead dispatcher left running, to be called under the dispatcher's lock; how many.

        A job under which the dispatcher has ended too often is held; one that was asked to stop is cancelled.
        """
        with self._writing() as connection:
            return take_over(connection)

    def claim(self, *, free: int = 1, most: int = 1, asides: int = 1, judge: Judge | None = None) -> Claim | None:
        """Take on the job whose turn it is; None when nothing waits, or when that job needs more than is free.

        Nothing overtakes a job that waits for several devices: it would never come to its turn.

        Args:
            free: tokens that nothing holds.
            most: tokens of this machine; a job that asks for more gets these.
            asides: jobs without a device that can be started.
            judge: as for `claim_next`.
        """
        with as_ours(self._path):
            # Looking first without the write lock: an idle dispatcher must not stand in anyone's way.
            waiting = "SELECT 1 FROM jobs WHERE state = 'queued'"
            if free <= 0:
                waiting += f" AND kind IN {ASIDE}"
            if self._current().execute(f"{waiting} LIMIT 1").fetchone() is None:
                return None
        with self._writing() as connection:
            # One of a deleted list that had the same number must have ended first.
            claim = claim_next(connection, free=free, most=most, asides=asides, not_yet=self._orphans, judge=judge)
        if claim is not None:
            self._claimed[claim.job] = claim.attempt
        return claim

    def live(self, job: int) -> Path:
        """Small previews of a running job."""
        return self._layout.live(job)

    def to_pause(self) -> tuple[tuple[int, int], ...]:
        """Nothing: one person's jobs make way by the order of their list alone."""
        return ()

    def waiting(self) -> int:
        """How many jobs are queued."""
        with as_ours(self._path):
            return int(self._current().execute("SELECT count(*) FROM jobs WHERE state = 'queued'").fetchone()[0])

    def requested_cancels(self) -> dict[int, bool]:
        """Running jobs that have been asked to stop → whether at once, whatever is lost.

        What ran for a list that has been deleted stops too: nobody sees it, or could stop it.
        """
        question = "SELECT id, wants_cancel FROM jobs WHERE state = 'running' AND wants_cancel > 0"
        with as_ours(self._path):
            rows = self._current().execute(question).fetchall()
            return {row["id"]: row["wants_cancel"] == FORCED for row in rows} | dict.fromkeys(self._orphans, False)

    def set_progress(self, updates: Mapping[tuple[int, int], Progress]) -> None:
        """How far jobs are, by job and attempt, in one transaction that is not flushed: a lost one is no loss."""
        with as_ours(self._path):
            self._current()
        with as_ours(self._path), transaction(self._progress):
            self._progress.executemany(
                "INSERT INTO progress (job, attempt, body)"
                " SELECT id, attempt, :body FROM jobs WHERE id = :job AND attempt = :attempt AND state = 'running'"
                " ON CONFLICT (job) DO UPDATE SET attempt = excluded.attempt, body = excluded.body",
                [
                    {"job": job, "attempt": attempt, "body": progress_text(progress)}
                    for (job, attempt), progress in updates.items()
                    if self._orphans.get(job) != attempt
                ],
            )

    def done(self, job: int, attempt: int, result: JobResult) -> bool:
        """The attempt is done. False, and nothing changed, when it is not the one that runs now."""
        return self._finish(job, attempt, "done", result=result.model_dump_json())

    def cancelled(self, job: int, attempt: int) -> bool:
        """It was asked to stop, and did."""
        return self._finish(job, attempt, "cancelled", code="jobs.cancelled")

    def failed(
        self, job: int, attempt: int, *, code: str, values: Mapping[str, object], log_id: str | None = None
    ) -> bool:
        """It cannot be done; a message code with values says why."""
        return self._finish(job, attempt, "failed", code=code, values=as_json(values), log_id=log_id)

    def crashed(self, job: int, attempt: int, *, reason: str, log_id: str | None = None) -> bool:
        """The child died under the job: queue it again, or fail it with the reason at the third time."""
        return self._strike("crashes", MOST_CRASHES, "jobs.crashed", job, attempt, {"reason": reason}, log_id)

    def device_lost(self, job: int, attempt: int, *, reason: str, log_id: str | None = None) -> bool:
        """Its device stopped working: counted and tried again as a crash, told in words of its own."""
        return self._strike("crashes", MOST_CRASHES, "jobs.device_lost", job, attempt, {"reason": reason}, log_id)

    def stalled(self, job: int, attempt: int, *, seconds: float, step: int) -> bool:
        """The job stood still and its child was killed: one retry, then failed."""
        values: dict[str, object] = {"seconds": round(seconds), "step": step}
        return self._strike("stalls", MOST_STALLS, "jobs.stalled", job, attempt, values, None)

    def put_back(self, job: int, attempt: int) -> bool:
        """Queue the job again without blame: the dispatcher is leaving in order."""
        return self._change(
            "UPDATE jobs SET state = CASE WHEN wants_cancel > 0 THEN 'cancelled' ELSE 'queued' END,"
            " error_code = CASE WHEN wants_cancel > 0 THEN 'jobs.cancelled' END,"
            f" ended_at = CASE WHEN wants_cancel > 0 THEN :now END {_MINE}",
            {"job": job, "attempt": attempt, "now": now()},
        )

    def worker_lost(self, job: int, attempt: int, *, machine: str) -> bool:
        """The machine that did it went away: queue it again, or hold it at the fifth time."""
        return self._change(
            "UPDATE jobs SET stops = stops + 1,"
            " state = CASE WHEN wants_cancel > 0 THEN 'cancelled'"
            "  WHEN stops + 1 >= :most THEN 'held' ELSE 'queued' END,"
            " error_code = CASE WHEN wants_cancel > 0 THEN 'jobs.cancelled'"
            "  WHEN stops + 1 >= :most THEN :code END,"
            " error_values = json_object('times', stops + 1, 'machine', :machine),"
            f" ended_at = CASE WHEN wants_cancel > 0 THEN :now END {_MINE}",
            {
                "job": job,
                "attempt": attempt,
                "most": MOST_STOPS,
                "code": "cluster.held",
                "machine": machine,
                "now": now(),
            },
        )

    def tidy(self) -> None:
        """Forget what is over, once in a while: at the first call, and `PRUNE_SECONDS` after the last time."""
        if self._pruned_at is not None and time.monotonic() - self._pruned_at < PRUNE_SECONDS:
            return
        self._pruned_at = time.monotonic()
        try:
            with as_ours(self._path):
                forgotten = prune(self._current(), self._retention)
        except Wait as error:  # a full disk, or somebody who writes for long: there is another time
            _LOG.info("the job list could not be tidied: %s", error)
            return
        if forgotten:
            _LOG.info("%d job(s) that were over are forgotten", forgotten)

    def _open(self) -> None:
        self._states = connect(self._path, is_durable=True)
        self._progress = connect(self._path, is_durable=False)
        self._file = file_id(self._path)

    def _current(self) -> sqlite3.Connection:
        """The connection for states, to the file that lies there now: the old one may have been deleted or replaced."""
        if self._file is None or file_id(self._path) != self._file:
            _LOG.warning("the job list %s was deleted or replaced; what ran for the old one is stopped", self._path)
            self.close()
            self._file = None
            self._orphans |= self._claimed
            self._claimed = {}
            self._open()
            with transaction(self._states):
                take_over(self._states)
        return self._states

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with as_ours(self._path):
            connection = self._current()
            with transaction(connection):
                yield connection

    def _finish(
        self,
        job: int,
        attempt: int,
        state: str,
        *,
        result: str = NO_RESULT,
        code: str | None = None,
        values: str = "{}",
        log_id: str | None = None,
    ) -> bool:
        named = {"job": job, "attempt": attempt, "state": state, "result": result, "code": code, "values": values}
        return self._change(
            "UPDATE jobs SET state = :state, result = :result, error_code = :code, error_values = :values,"
            f" log_id = :log, ended_at = :now {_MINE}",
            named | {"log": log_id, "now": now()},
        )

    def _strike(
        self,
        counter: str,
        most: int,
        code: str,
        job: int,
        attempt: int,
        values: dict[str, object],
        log_id: str | None,
    ) -> bool:
        named: dict[str, object] = {"job": job, "attempt": attempt, "most": most, "code": code}
        named |= {"log": log_id, "now": now()}
        with self._ending(job, attempt) as connection:
            if connection is None:
                return False
            counted = connection.execute(f"UPDATE jobs SET {counter} = {counter} + 1, log_id = :log {_MINE}", named)
            if counted.rowcount == 0:
                return False
            row = connection.execute(f"SELECT {counter} AS times, kind FROM jobs WHERE id = :job", named).fetchone()
            if row["kind"] == "train":
                named |= {"most": MOST_OF_A_TRAINING, "code": f"{code}_training"}
            named["values"] = as_json(values | {"times": row["times"]})
            connection.execute(
                f"UPDATE jobs SET error_code = 'jobs.cancelled', state = 'cancelled', ended_at = :now {_MINE}"
                " AND wants_cancel > 0",
                named,
            )
            connection.execute(
                "UPDATE jobs SET error_code = :code, error_values = :values, state = 'failed', ended_at = :now"
                f" {_MINE} AND {counter} >= :most",
                named,
            )
            connection.execute(f"UPDATE jobs SET state = 'queued' {_MINE}", named)
        return True

    def _change(self, statement: str, values: Mapping[str, object]) -> bool:
        with self._ending(int(str(values["job"])), int(str(values["attempt"]))) as connection:
            return connection is not None and connection.execute(statement, dict(values)).rowcount == 1

    @contextlib.contextmanager
    def _ending(self, job: int, attempt: int) -> Iterator[sqlite3.Connection | None]:
        """Where the end of an attempt is written down; None for one whose list has been deleted."""
        with self._writing() as connection:
            is_orphan = self._orphans.get(job) == attempt
            yield None if is_orphan else connection
        known = self._orphans if is_orphan else self._claimed
        if known.get(job) == attempt:
            del known[job]
