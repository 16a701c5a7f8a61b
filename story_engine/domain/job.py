"""Jobs as a page sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from story_engine.domain.job_result import JobResult, Values, plain
from story_engine.domain.value import Value
from story_engine.errors import StudioError
from story_engine.messages import message

State = Literal["queued", "running", "done", "failed", "cancelled", "held"]
"""`held`: the engine stopped under it too often; a person starts it again."""
STATES: tuple[State, ...] = get_args(State)
ACTIVE_STATES = frozenset({"queued", "running"})
Kind = Literal["render", "score", "score_dataset", "train", "measure", "download", "verify", "replay", "upload", "gate"]
"""Each has a type in `job_spec` and one in `job_result`."""
KINDS: tuple[Kind, ...] = get_args(Kind)
ASIDE_KINDS: frozenset[str] = frozenset({"download", "verify", "upload"})
"""They wait for a network or a disk and need no device: done beside the others, one after another."""
Direction = Literal["first", "up", "down", "last"]
"""Where a person moves a job that waits."""
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
UNKNOWN_KIND = "unknown"
"""Of a job whose entry is damaged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a running job is."""

    stage: str = ""
    """Code of the stage: "waiting", "loading", "encoding", "denoising", "decoding", "scoring", "downloading",
    "verifying", "checking", "uploading"; of a training "encoding", "class_pictures", "training", "sampling",
    "saving". A job that waits for a training has that one's numbers."""
    step: int = 0
    total: int = 0
    seconds_per_step: float | None = None
    eta_seconds: float | None = None
    scenes: tuple[str, ...] = ()
    """Scene ids being painted just now."""
    previews: dict[str, str] | None = None
    """Scene id → path of a small JPEG decoded from the latents, relative to the workspace."""
    note: str = ""
    """Anything else: a file being downloaded; with "waiting", the name of the training that is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """One job of the ledger."""

    id: int
    kind: str
    state: str
    story: str | None
    scenes: tuple[str, ...]
    attempt: int
    progress: Progress
    error_code: str | None
    error_values: dict[str, object]
    """The failure as a message code with values, to be shown in the reader's language."""
    log_id: str | None
    """Where in the log the traceback is."""
    created_at: str
    wants_cancel: bool
    result: JobResult | None
    """Of a job that is done."""

    @property
    def is_active(self) -> bool:
        """Waiting or running."""
        return self.state in ACTIVE_STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A job that waits, with where it stands among those of the same person."""

    job: JobView
    is_first: bool
    is_last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OthersBefore:
    """What of other people's comes before the first of somebody's jobs that wait, in a class."""

    running: int
    """Jobs on a device."""
    waiting: int
    """Jobs that are begun before it, as it stands now."""
    trainings: int = 0
    """How many of those that run are trainings: they make way for nobody."""
    training_seconds: float | None = None
    """Until the first of them ends, by its own estimate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """All that runs, waits, or came to nothing and can be tried again."""

    running: tuple[JobView, ...]
    waiting: tuple[Turn, ...]
    """In the order of their turns."""
    stopped: tuple[JobView, ...]
    """Last first."""
    others: OthersBefore | None = None
    """None outside of a class, and where no dispatcher has counted."""

    @property
    def active(self) -> int:
        """How many jobs run or wait."""
        return len(self.running) + len(self.waiting)

    def before(self, job: int) -> tuple[JobView, ...]:
        """What ends or begins before a job that waits has its turn: what runs, then what waits before it."""
        order = [turn.job for turn in self.waiting]
        at = next((place for place, view in enumerate(order) if view.id == job), None)
        return () if at is None else (*self.running, *order[:at])


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long the list of jobs remembers what is over."""

    jobs: int = 1000
    """Finished ones that are kept at most."""
    days: int = 90
    """How old they may become."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSize:
    """How much the list of jobs takes up."""

    size_bytes: int
    jobs: int
    """All of them."""
    active: int
    """Those that wait or run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTrouble:
    """Why no dispatcher serves, after several starts."""

    count: int
    """Starts that came to nothing."""
    reason: str
    """As the log has it."""
    log: str
    told: ClusterNotice | None = None
    """The same in every language, where it is an error of ours."""

    def text(self, language: str) -> str:
        """What a person reads while jobs wait."""
        reason = self.reason if self.told is None else self.told.text(language)
        return message("jobs.dispatcher_keeps_failing", language, count=self.count, reason=reason, log=self.log)


class ClusterNotice(Value):
    """What is wrong with the machines that do the jobs."""

    code: str
    values: Values

    @classmethod
    def of(cls, error: StudioError) -> ClusterNotice:
        """The error as a notice."""
        return cls(code=error.code, values=plain(error.values))

    def text(self, language: str) -> str:
        """What a person reads while jobs wait."""
        return message(self.code, language, **self.values)
