"""What agent and child send each other about jobs: a frozen type per message, one JSON object per line over the pipes.

To the child go `Order`, `Cancel` and `Pause`. From the child come `Accepted`, `Progressed`, and one outcome: `Done`,
`Cancelled`, `Paused`, `Failed` or `DeviceLost`. What the agent finds out itself is an outcome too: `Crashed`,
`Stalled`, `Lost`; what a placement on several machines finds out, `WorkerLost` and `Freed`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Annotated, Literal

from pydantic import Field, TypeAdapter

from story_engine.domain.job import Progress
from story_engine.domain.job_result import AnyResult, Values
from story_engine.domain.value import Value


class Attempt(Value):
    """Which attempt at which job this is about."""

    job: int
    attempt: int

    @property
    def key(self) -> tuple[int, int]:
        """Job and attempt."""
        return self.job, self.attempt


class Order(Attempt):
    """Do this."""

    type: Literal["run"] = "run"
    kind: str
    spec: str
    """JSON, as it lies in the ledger: only the child reads it."""
    tokens: int = 1
    """Devices that it has alone."""
    number: int = 0
    """Of the job in its own list, where `job` is a ticket of a dispatcher that serves several; 0: `job` is it."""
    workspace: str = ""
    """In which it is to be done; empty: that with which the child was started."""
    stories: str = ""


class Cancel(Attempt):
    """Stop at the next step."""

    type: Literal["cancel"] = "cancel"


class Pause(Attempt):
    """Let others go first as soon as nothing is lost by it."""

    type: Literal["pause"] = "pause"


class Accepted(Attempt):
    """The child will do it."""

    type: Literal["accepted"] = "accepted"


class Progressed(Attempt):
    """How far it is."""

    type: Literal["progress"] = "progress"
    progress: Progress


class Done(Attempt):
    """It is done."""

    type: Literal["done"] = "done"
    result: AnyResult


class Cancelled(Attempt):
    """It was asked to stop, and did."""

    type: Literal["cancelled"] = "cancelled"


class Failed(Attempt):
    """It cannot be done; a message code with values says why."""

    type: Literal["failed"] = "failed"
    code: str
    values: Values = Field(default_factory=dict)
    log_id: str | None = None
    """Where in the log the traceback is."""


class DeviceLost(Attempt):
    """Its device stopped working under it: the child can do nothing more, a fresh one perhaps."""

    type: Literal["device_lost"] = "device_lost"
    reason: str
    """As the driver says it."""
    log_id: str | None = None


class Paused(Attempt):
    """It lets others go first; what it has done stays, and the rest is done at its next turn."""

    type: Literal["paused"] = "paused"


class Crashed(Attempt):
    """The child died under it."""

    type: Literal["crashed"] = "crashed"
    reason: str


class Stalled(Attempt):
    """It made no progress, and was killed."""

    type: Literal["stalled"] = "stalled"
    seconds: float
    step: int


class Lost(Attempt):
    """Whoever did it went away; nobody is to blame."""

    type: Literal["lost"] = "lost"


class WorkerLost(Attempt):
    """The machine that did it went away; counted, because it may have been this job that took it along."""

    type: Literal["worker_lost"] = "worker_lost"
    machine: str


class Freed(Attempt):
    """What it was given can be given to the next: what it made is only being stored."""

    type: Literal["freed"] = "freed"


Outcome = Done | Cancelled | Failed | DeviceLost | Paused | Crashed | Stalled | Lost | WorkerLost
Event = Progressed | Freed | Outcome
"""What the dispatcher hears of."""
ToChild = Order | Cancel | Pause
FromChild = Accepted | Progressed | Done | Cancelled | Failed | DeviceLost | Paused

_TO_CHILD: TypeAdapter[ToChild] = TypeAdapter(Annotated[ToChild, Field(discriminator="type")])
_FROM_CHILD: TypeAdapter[FromChild] = TypeAdapter(Annotated[FromChild, Field(discriminator="type")])


def encoded(message: Attempt) -> bytes:
    """One line."""
    return message.model_dump_json().encode() + b"\n"


def to_child(stream: IO[bytes]) -> Iterator[ToChild]:
    """The messages of a stream until its end; a line cut off by a death is its end."""
    for line in stream:
        try:
            yield _TO_CHILD.validate_json(line)
        except ValueError:
            return


def from_child(stream: IO[bytes]) -> Iterator[FromChild]:
    """As `to_child`, the other way round."""
    for line in stream:
        try:
            yield _FROM_CHILD.validate_json(line)
        except ValueError:
            return
