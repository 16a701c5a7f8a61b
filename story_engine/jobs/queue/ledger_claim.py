"""Whose turn it is: the next job for the dispatcher, fair between people and in order of urgency."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from story_engine.domain.job import ASIDE_KINDS
from story_engine.domain.job_spec import reason_of
from story_engine.jobs.queue.ledger_file import rows_of
from story_engine.jobs.queue.ledger_rows import UNREADABLE, WaitingJob, as_json, waiting_job
from story_engine.store.timestamps import now

MOST_STOPS = 5
"""Ends of the dispatcher under one job, which are nobody's fault; then a person starts it again."""
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
                  AND id NOT IN (SELECT value FROM json_each(:passed))
                  ORDER BY priority DESC, coalesce(place, id) LIMIT 1)
    FROM waiting WHERE user IS NOT NULL
)
SELECT jobs.* FROM candidates JOIN jobs ON jobs.id = candidates.job
LEFT JOIN served ON served.user = candidates.user
ORDER BY jobs.priority DESC,
    (SELECT count(*) FROM jobs AS others WHERE others.state = 'running' AND others.user = candidates.user),
    coalesce(served.turn, 0), coalesce(jobs.place, jobs.id)
LIMIT 1
"""
ASIDE = f"({', '.join(repr(kind) for kind in sorted(ASIDE_KINDS))})"
"""For a query."""
MOST_PASSED = 16
"""So many jobs that wait for a worker of their own may be gone by in one look."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A job that the dispatcher has taken on."""

    job: int
    attempt: int
    kind: str
    priority: int
    spec: str
    """JSON; only the child reads it."""
    tokens: int
    """How many devices it has alone."""
    number: int = 0
    """Of the job in its own list, where `job` is a ticket of a dispatcher that serves several; 0: `job` is it."""
    workspace: str = ""
    """Whose list that is; empty: the dispatcher's."""
    stories: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A job that waits for a worker of its own: others may go by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """A job that waits for several devices of one worker: nothing may go by, or it would never come to its turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A job that no worker can do: a person starts it again once one can."""

    code: str
    values: Mapping[str, object]


Judge = Callable[[Claim], Passed | Blocked | Held | None]
"""What keeps a job from being placed now; None where nothing does. Asked before the job is claimed."""


def claim_next(
    connection: sqlite3.Connection,
    *,
    free: int,
    most: int,
    not_yet: Collection[int],
    asides: int = 1,
    judge: Judge | None = None,
) -> Claim | None:
    """Mark the job whose turn it is as running; None when nothing waits, or when that job cannot start now.

    Args:
        connection: inside a transaction.
        free: tokens that nothing holds.
        most: tokens of this machine; a job that asks for more gets these.
        not_yet: jobs that cannot start yet.
        asides: jobs without a device that can be started; nothing waits for them, and they wait for no device.
        judge: says what a placement with unlike workers makes of a job.
    """
    passed = _without_room(connection, free=free, asides=asides)
    most_passed = len(passed) + MOST_PASSED
    while rows := rows_of(connection, _NEXT, {"passed": json.dumps(passed)}):
        (row,) = rows
        try:
            job = waiting_job(row)
        except ValidationError as error:
            _give_up(connection, row["id"], reason_of(error))
            continue
        tokens = 0 if job.kind in ASIDE_KINDS else max(1, min(job.tokens, most))
        if tokens > free or job.id in not_yet:
            return None
        attempt = job.attempt + 1
        claim = Claim(job=job.id, attempt=attempt, kind=job.kind, priority=job.priority, spec=job.spec, tokens=tokens)
        match judge(claim) if judge is not None else None:
            case Passed() if len(passed) < most_passed:
                passed.append(job.id)
            case Held(code=code, values=values):
                _hold(connection, job.id, code, values)
            case None:
                _mark_claimed(connection, job)
                return claim
            case _:
                return None
    return None


def _without_room(connection: sqlite3.Connection, *, free: int, asides: int) -> list[int]:
    """Waiting jobs of the sort of which none can start now."""
    if free > 0 and asides > 0:
        return []
    sort = f"kind IN {ASIDE}" if asides <= 0 else f"kind NOT IN {ASIDE}"
    return [row["id"] for row in connection.execute(f"SELECT id FROM jobs WHERE state = 'queued' AND {sort}")]


def take_over(connection: sqlite3.Connection) -> int:
    """Queue again what a dead dispatcher left running; how many. Inside a transaction.

    A job under which the dispatcher has ended too often is held; one that was asked to stop is cancelled.
    """
    connection.execute(
        "UPDATE jobs SET state = 'cancelled', error_code = 'jobs.cancelled', ended_at = ?"
        " WHERE state = 'running' AND wants_cancel > 0",
        (now(),),
    )
    connection.execute("UPDATE jobs SET stops = stops + 1 WHERE state = 'running'")
    connection.execute(
        "UPDATE jobs SET state = 'held', error_code = 'jobs.held', error_values = json_object('times', stops)"
        " WHERE state = 'running' AND stops >= ?",
        (MOST_STOPS,),
    )
    return connection.execute("UPDATE jobs SET state = 'queued' WHERE state = 'running'").rowcount


def _mark_claimed(connection: sqlite3.Connection, job: WaitingJob) -> None:
    connection.execute(
        "UPDATE jobs SET state = 'running', attempt = attempt + 1, error_code = NULL, error_values = '{}' WHERE id = ?",
        (job.id,),
    )
    connection.execute(
        "INSERT INTO served (user, turn) VALUES (?, (SELECT coalesce(max(turn), 0) + 1 FROM served))"
        " ON CONFLICT (user) DO UPDATE SET turn = excluded.turn",
        (job.user,),
    )


def _hold(connection: sqlite3.Connection, job: int, code: str, values: Mapping[str, object]) -> None:
    _LOG.warning("job %d is held: %s %s", job, code, dict(values))
    connection.execute(
        "UPDATE jobs SET state = 'held', error_code = ?, error_values = ? WHERE id = ?", (code, as_json(values), job)
    )


def _give_up(connection: sqlite3.Connection, job: int, reason: str) -> None:
    """A damaged row must not keep the others waiting."""
    _LOG.warning("the entry of job %d cannot be read: %s", job, reason)
    connection.execute(
        "UPDATE jobs SET state = 'failed', error_code = ?, error_values = ?, ended_at = ? WHERE id = ?",
        (UNREADABLE, as_json({"job": job, "reason": reason}), now(), job),
    )
