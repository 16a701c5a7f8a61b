"""In which order what waits will have its turn, and how a person changes it.

A job's place is its id until it is moved. Moving exchanges places among the jobs of one person: every place belongs to
one job at any time, and one that is submitted later comes behind all of them.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict, deque

from story_engine.domain.job import Direction
from story_engine.jobs.queue.ledger_file import rows_of

_WAITING = """
SELECT id, user, priority, coalesce(place, id) AS place FROM jobs WHERE state = 'queued'
ORDER BY priority DESC, coalesce(place, id)
"""


def turns(connection: sqlite3.Connection) -> list[tuple[int, str]]:
    """Id and user of each job that waits, in the order in which they will be claimed if nothing else comes.

    Urgent ones first; among equals people take turns, as `ledger_claim` has them.
    """
    queues: dict[str, deque[sqlite3.Row]] = defaultdict(deque)
    for row in rows_of(connection, _WAITING, ()):
        queues[row["user"]].append(row)
    served = {row["user"]: int(row["turn"]) for row in rows_of(connection, "SELECT user, turn FROM served", ())}
    turn = max(served.values(), default=0)
    order: list[tuple[int, str]] = []
    while queues:
        user = min(
            queues, key=lambda each: (-queues[each][0]["priority"], served.get(each, 0), queues[each][0]["place"])
        )
        order.append((int(queues[user].popleft()["id"]), user))
        turn += 1
        served[user] = turn
        if not queues[user]:
            del queues[user]
    return order


def move(connection: sqlite3.Connection, job: int, to: Direction) -> None:
    """Let a job that waits change places with others of the same person; at the end of the row it stays there.

    It takes on the urgency of those among whom it comes to stand. Inside a transaction.
    """
    rows = rows_of(connection, f"SELECT * FROM ({_WAITING}) WHERE user = (SELECT user FROM jobs WHERE id = ?)", (job,))
    at = next(position for position, row in enumerate(rows) if row["id"] == job)
    wanted = {"first": 0, "up": max(0, at - 1), "down": min(len(rows) - 1, at + 1), "last": len(rows) - 1}[to]
    if wanted == at:
        return
    priority = rows[wanted]["priority"]
    moved = [row for row in rows if row["id"] != job]
    moved.insert(wanted, rows[at])
    among = [row for row in moved if row["priority"] == priority or row["id"] == job]
    places = sorted(row["place"] for row in among)
    connection.execute("UPDATE jobs SET priority = ? WHERE id = ?", (priority, job))
    connection.executemany(
        "UPDATE jobs SET place = ? WHERE id = ?",
        [(place, row["id"]) for place, row in zip(places, among, strict=True)],
    )
