"""A row of the ledger as a value, and what is shown of one that cannot be read."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Json, TypeAdapter, ValidationError

from story_engine.domain.job import KINDS, UNKNOWN_KIND, JobView, Kind, Progress, State
from story_engine.domain.job_result import JobResult, Values, read_result
from story_engine.domain.job_spec import reason_of
from story_engine.domain.value import Value

UNREADABLE = "jobs.unreadable_row"
"""Code of a job whose row cannot be read."""
NO_RESULT = "{}"
"""`result` of a job that has none."""
_PROGRESS: TypeAdapter[Progress] = TypeAdapter(Progress)


def _result(text: object) -> JobResult | None:
    return None if text == NO_RESULT else read_result(str(text))


class StoredJob(Value):
    """A row of `jobs`, without what it is asked to do."""

    model_config = ConfigDict(extra="ignore")

    id: int
    kind: Kind
    state: State
    story: str | None
    scenes: Json[tuple[str, ...]]
    attempt: int
    wants_cancel: int
    error_code: str | None
    error_values: Json[Values]
    log_id: str | None
    result: Annotated[JobResult | None, BeforeValidator(_result)]
    created_at: str


class WaitingJob(StoredJob):
    """The same with what the dispatcher needs of it. What it is asked to do stays text, which only the child reads."""

    user: str
    priority: int
    spec: str
    tokens: int


def waiting_job(row: sqlite3.Row) -> WaitingJob:
    """The row as a value.

    Raises:
        ValidationError: it is damaged, or of another version of the Studio.
    """
    return WaitingJob.model_validate(dict(row))


def view_of(row: sqlite3.Row, *, waits_for: Progress | None = None) -> JobView:
    """The job of a row; a failed one with the reason where the row cannot be read.

    Args:
        row: of `jobs`, with the body of its progress as `progress`.
        waits_for: what to say of a job that waits.
    """
    try:
        job = StoredJob.model_validate(dict(row))
    except ValidationError as error:
        return _unreadable(row, reason_of(error))
    return JobView(
        id=job.id,
        kind=job.kind,
        state=job.state,
        story=job.story,
        scenes=job.scenes,
        attempt=job.attempt,
        progress=waits_for if waits_for is not None and job.state == "queued" else progress_of(row),
        error_code=job.error_code,
        error_values=dict(job.error_values),
        log_id=job.log_id,
        created_at=job.created_at,
        wants_cancel=bool(job.wants_cancel),
        result=job.result,
    )


def progress_of(row: sqlite3.Row) -> Progress:
    """How far the job of a row is; what cannot be read is no progress."""
    if row["state"] == "queued":
        return Progress(stage="waiting")
    begun = Progress(stage="loading" if row["state"] == "running" else "")
    if row["progress"] is None:
        return begun
    try:
        return _PROGRESS.validate_json(row["progress"])
    except ValidationError:
        return begun


def progress_text(progress: Progress) -> str:
    """What `progress_of` reads."""
    return _PROGRESS.dump_json(progress).decode()


def _readable(value: object) -> str:
    return str(value).encode("utf-8", "replace").decode()


def as_json(values: Mapping[str, object]) -> str:
    """What a message mentions, as the ledger keeps it."""
    return json.dumps(dict(values), ensure_ascii=False, default=str)


def _unreadable(row: sqlite3.Row, reason: str) -> JobView:
    return JobView(
        id=row["id"],
        kind=row["kind"] if row["kind"] in KINDS else UNKNOWN_KIND,
        state="failed",
        story=None if row["story"] is None else _readable(row["story"]),
        scenes=(),
        attempt=row["attempt"] if isinstance(row["attempt"], int) else 0,
        progress=Progress(),
        error_code=UNREADABLE,
        error_values={"job": row["id"], "reason": reason},
        log_id=None,
        created_at=_readable(row["created_at"]),
        wants_cancel=False,
        result=None,
    )
