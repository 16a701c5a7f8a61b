"""What the ledger forgets: jobs that have long been over, and nothing that a page still reads."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta

from story_engine.domain.job import Retention
from story_engine.jobs.queue.ledger_file import shrink
from story_engine.jobs.queue.ledger_schema import transaction
from story_engine.store.layout import Layout
from story_engine.store.limits import read_limits

MOST_LISTED = 50
"""Finished jobs that a list goes back."""
_MOST_JOBS, _MOST_DAYS = 10**9, 100 * 365
"""As good as all of them: no date lies further back, and SQLite counts no further than 2**63."""
_AT_ONCE = 500
"""Rows deleted in one transaction: other writers get their turn in between."""
_LEAST_FREE_BYTES = 8 * 2**20
"""Less is left inside the file, for the next jobs."""
# Kept whatever their age: what lists show, the last job of a training (its recommended checkpoint) and of a measuring
# (how long a step takes), and the last one of each story (why it came to nothing).
_FORGOTTEN = """
SELECT id FROM jobs INDEXED BY finished_jobs
WHERE state IN ('done', 'failed', 'cancelled')
AND (
    coalesce(ended_at, created_at) < :oldest
    OR id NOT IN (SELECT id FROM jobs WHERE state IN ('done', 'failed', 'cancelled') ORDER BY id DESC LIMIT :jobs)
)
AND id NOT IN (SELECT id FROM jobs ORDER BY id DESC LIMIT :listed)
AND id NOT IN (SELECT max(id) FROM jobs WHERE kind IN ('train', 'measure') GROUP BY key)
AND id NOT IN (SELECT max(id) FROM jobs WHERE state NOT IN ('queued', 'running') GROUP BY story)
ORDER BY id
"""


def prune(connection: sqlite3.Connection, retention: Retention, *, now: datetime | None = None) -> int:
    """Forget what is over and beyond the retention; how many jobs that were. The file becomes smaller by them."""
    forgotten = _beyond(connection, retention, now or datetime.now(UTC))
    for start in range(0, len(forgotten), _AT_ONCE):
        some = [(job,) for job in forgotten[start : start + _AT_ONCE]]
        with transaction(connection):
            # Asked again: one of them may have been queued again meanwhile.
            connection.executemany("DELETE FROM jobs WHERE id = ? AND state IN ('done', 'failed', 'cancelled')", some)
            connection.execute("DELETE FROM progress WHERE job NOT IN (SELECT id FROM jobs)")
    _give_back(connection)
    shrink(connection)
    return len(forgotten)


def forgettable(connection: sqlite3.Connection, retention: Retention) -> int:
    """How many jobs `prune` would forget now."""
    return len(_beyond(connection, retention, datetime.now(UTC)))


def retention_of(layout: Layout, *, jobs: int | None = None, days: int | None = None) -> Retention:
    """How long the list remembers in this workspace: as is given here or else as was set in it."""
    limits = read_limits(layout)
    return Retention(
        jobs=limits.finished_jobs if jobs is None else jobs, days=limits.job_days if days is None else days
    )


def _beyond(connection: sqlite3.Connection, retention: Retention, now: datetime) -> list[int]:
    oldest = now - timedelta(days=min(retention.days, _MOST_DAYS))
    values = {
        "oldest": oldest.isoformat(timespec="seconds"),
        "jobs": min(retention.jobs, _MOST_JOBS),
        "listed": MOST_LISTED,
    }
    return [row["id"] for row in connection.execute(_FORGOTTEN, values).fetchall()]


def _give_back(connection: sqlite3.Connection) -> None:
    """Rewrite the file where more of it is free than used."""
    page, pages, free = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_size", "page_count", "freelist_count")
    )
    if free * page > _LEAST_FREE_BYTES and 2 * free > pages:
        connection.execute("VACUUM")
