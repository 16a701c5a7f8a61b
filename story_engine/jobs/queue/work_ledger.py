"""The dispatcher's side of the ledger: claim, progress, outcomes. One thread of one process writes here."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass

from story_engine.domain.job import Progress
from story_engine.jobs.queue.ledger_schema import FORCED, as_ours, connect, transaction
from story_engine.store.layout import Layout

MOST_CRASHES = 3
"""Deaths of the child under one job; then it is the job's fault."""
MOST_STALLS = 2
"""Times that a job may stand still: one retry."""
MOST_OF_A_TRAINING = 1
"""Deaths or halts of a training: a person sees that it was interrupted, and lets it go on from what it saved."""
MOST_STOPS = 5
"""Ends of the dispatcher under one job, which are nobody's fault; then a person starts it again."""
_MINE = "WHERE id = :job AND attempt = :attempt AND state = 'running'"
"""The fence: an outcome counts only for the attempt that is running now."""
# Users with waiting jobs are found by jumping along the index, and each brings forward one candidate: the cost follows
# the number of users, however long the queue is. Among equal priorities the user with the fewest running jobs comes
# first, then the one who was served longest ago.
_NEXT = """
WITH RECURSIVE waiting (user) AS (
    SELECT (SELECT user FROM jobs WHERE state = 'queued' ORDER BY user LIMIT 1)
    UNION ALL
    SELECT (SELECT user FROM jobs WHERE state = 'queued' AND jobs.user > waiting.user ORDER BY user LIMIT 1)
    FROM waiting WHERE waiting.user IS NOT NULL
),
candidates (user, job) AS (
    SELECT user, (SELECT id FROM jobs WHERE state = 'queued' AND jobs.user = waiting.user
                  ORDER BY priority DESC, id LIMIT 1)
    FROM waiting WHERE user IS NOT NULL
)
SELECT jobs.* FROM candidates JOIN jobs ON jobs.id = candidates.job
LEFT JOIN served ON served.user = candidates.user
ORDER BY jobs.priority DESC,
    (SELECT count(*) FROM jobs AS others WHERE others.state = 'running' AND others.user = candidates.user),
    coalesce(served.turn, 0), jobs.id
LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A job that the dispatcher has taken on."""

    job: int
    attempt: int
    kind: str
    priority: int
    spec: dict[str, object]
    tokens: int
    """How many devices it has alone."""


class WorkLedger:
    """Must be made and used in one thread: several writers wait for each other in steps of 100 ms."""

    def __init__(self, layout: Layout) -> None:
        self._path = layout.ledger
        self._states = connect(self._path, is_durable=True)
        self._progress = connect(self._path, is_durable=False)

    def close(self) -> None:
        """Let go of the file."""
        self._progress.close()
        self._states.close()

    def version(self) -> int:
        """Another number whenever another connection has written; costs microseconds."""
        with as_ours(self._path):
            return int(self._states.execute("PRAGMA data_version").fetchone()[0])

    def take_over(self) -> int:
        """Queue again what a dead dispatcher left running, to be called under the dispatcher's lock; how many.

        A job under which the dispatcher has ended too often is held; one that was asked to stop is cancelled.
        """
        with as_ours(self._path), transaction(self._states):
            self._states.execute(
                "UPDATE jobs SET state = 'cancelled', error_code = 'jobs.cancelled'"
                " WHERE state = 'running' AND wants_cancel > 0"
            )
            self._states.execute("UPDATE jobs SET stops = stops + 1 WHERE state = 'running'")
            self._states.execute(
                "UPDATE jobs SET state = 'held', error_code = 'jobs.held', error_values = json_object('times', stops)"
                " WHERE state = 'running' AND stops >= ?",
                (MOST_STOPS,),
            )
            return self._states.execute("UPDATE jobs SET state = 'queued' WHERE state = 'running'").rowcount

    def claim(self, *, free: int = 1, most: int = 1) -> Claim | None:
        """Take on the job whose turn it is; None when nothing waits, or when that job needs more than is free.

        Nothing overtakes a job that waits for several devices: it would never come to its turn.

        Args:
            free: tokens that nothing holds.
            most: tokens of this machine; a job that asks for more gets these.
        """
        with as_ours(self._path):
            # Looking first without the write lock: an idle dispatcher must not stand in anyone's way.
            if self._states.execute("SELECT 1 FROM jobs WHERE state = 'queued' LIMIT 1").fetchone() is None:
                return None
            with transaction(self._states):
                row = self._states.execute(_NEXT).fetchone()
                if row is None:
                    return None
                spec = json.loads(row["spec"])
                tokens = max(1, min(int(spec.get("tokens", 1)), most))
                if tokens > free:
                    return None
                self._states.execute(
                    "UPDATE jobs SET state = 'running', attempt = attempt + 1, error_code = NULL,"
                    " error_values = '{}' WHERE id = ?",
                    (row["id"],),
                )
                self._states.execute(
                    "INSERT INTO served (user, turn) VALUES (?, (SELECT coalesce(max(turn), 0) + 1 FROM served))"
                    " ON CONFLICT (user) DO UPDATE SET turn = excluded.turn",
                    (row["user"],),
                )
        return Claim(
            job=row["id"],
            attempt=row["attempt"] + 1,
            kind=row["kind"],
            priority=row["priority"],
            spec=spec,
            tokens=tokens,
        )

    def waiting(self) -> int:
        """How many jobs are queued."""
        with as_ours(self._path):
            return int(self._states.execute("SELECT count(*) FROM jobs WHERE state = 'queued'").fetchone()[0])

    def wanted_cancels(self) -> dict[int, bool]:
        """Running jobs that have been asked to stop → whether at once, whatever is lost."""
        question = "SELECT id, wants_cancel FROM jobs WHERE state = 'running' AND wants_cancel > 0"
        with as_ours(self._path):
            return {row["id"]: row["wants_cancel"] >= FORCED for row in self._states.execute(question).fetchall()}

    def set_progress(self, updates: Mapping[tuple[int, int], Progress]) -> None:
        """How far jobs are, by job and attempt, in one transaction that is not flushed: a lost one is no loss."""
        with as_ours(self._path), transaction(self._progress):
            self._progress.executemany(
                "INSERT INTO progress (job, attempt, body)"
                " SELECT id, attempt, :body FROM jobs WHERE id = :job AND attempt = :attempt AND state = 'running'"
                " ON CONFLICT (job) DO UPDATE SET attempt = excluded.attempt, body = excluded.body",
                [
                    {"job": job, "attempt": attempt, "body": json.dumps(dataclasses.asdict(progress))}
                    for (job, attempt), progress in updates.items()
                ],
            )

    def finish(
        self,
        job: int,
        attempt: int,
        *,
        state: str,
        result: Mapping[str, object] | None = None,
        error_code: str | None = None,
        error_values: Mapping[str, object] | None = None,
        log_id: str | None = None,
    ) -> bool:
        """The end of an attempt: "done", "failed" or "cancelled".

        False, and nothing changed, when it is not the attempt that runs now.
        """
        values = {
            "job": job,
            "attempt": attempt,
            "state": state,
            "result": _as_json(result),
            "code": error_code,
            "values": _as_json(error_values),
            "log": log_id,
        }
        return self._change(
            f"UPDATE jobs SET state = :state, result = :result, error_code = :code, error_values = :values,"
            f" log_id = :log {_MINE}",
            values,
        )

    def crashed(self, job: int, attempt: int, *, reason: str, log_id: str | None = None) -> bool:
        """The child died under the job: queue it again, or fail it with the reason at the third time."""
        return self._strike("crashes", MOST_CRASHES, "jobs.crashed", job, attempt, {"reason": reason}, log_id)

    def stalled(self, job: int, attempt: int, *, seconds: float, step: int) -> bool:
        """The job stood still and its child was killed: one retry, then failed."""
        values: dict[str, object] = {"seconds": round(seconds), "step": step}
        return self._strike("stalls", MOST_STALLS, "jobs.stalled", job, attempt, values, None)

    def put_back(self, job: int, attempt: int) -> bool:
        """Queue the job again without blame: the dispatcher is leaving in order."""
        return self._change(
            "UPDATE jobs SET state = CASE WHEN wants_cancel > 0 THEN 'cancelled' ELSE 'queued' END,"
            f" error_code = CASE WHEN wants_cancel > 0 THEN 'jobs.cancelled' END {_MINE}",
            {"job": job, "attempt": attempt},
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
        named = {"job": job, "attempt": attempt, "most": most, "code": code, "log": log_id}
        with as_ours(self._path), transaction(self._states):
            counted = self._states.execute(f"UPDATE jobs SET {counter} = {counter} + 1, log_id = :log {_MINE}", named)
            if counted.rowcount == 0:
                return False
            row = self._states.execute(f"SELECT {counter} AS times, kind FROM jobs WHERE id = :job", named).fetchone()
            if row["kind"] == "train":
                named |= {"most": MOST_OF_A_TRAINING, "code": f"{code}_training"}
            named["values"] = _as_json(values | {"times": row["times"]})
            self._states.execute(
                f"UPDATE jobs SET error_code = 'jobs.cancelled', state = 'cancelled' {_MINE} AND wants_cancel > 0",
                named,
            )
            self._states.execute(
                f"UPDATE jobs SET error_code = :code, error_values = :values, state = 'failed' {_MINE}"
                f" AND {counter} >= :most",
                named,
            )
            self._states.execute(f"UPDATE jobs SET state = 'queued' {_MINE}", named)
        return True

    def _change(self, statement: str, values: Mapping[str, object]) -> bool:
        with as_ours(self._path), transaction(self._states):
            return self._states.execute(statement, dict(values)).rowcount == 1


def _as_json(values: Mapping[str, object] | None) -> str:
    return json.dumps(dict(values or {}), ensure_ascii=False, default=str)
