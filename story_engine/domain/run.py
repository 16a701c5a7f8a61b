"""A training run as it lies on disk: how far it is, what it trains on, what it measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from story_engine.domain.value import Value

RUN_STATES = ("prepared", "running", "stopped", "finished", "failed", "interrupted")
"""`interrupted`: the process of a running one is gone; it goes on from its last saved step."""
RESUMABLE = frozenset({"prepared", "stopped", "failed", "interrupted"})
REQUESTS = ("sample", "save", "stop")
LEAST_ADHERENCE = 0.02
"""Of the base's samples to their prompts: with less the prompts say too little to be missed."""


class TrainedPicture(Value):
    """One picture of the dataset as it was when the run was made."""

    file: str
    """Name in the dataset."""
    sha256: str
    caption: str
    width: int
    height: int
    content: str = ""
    """The caption without trigger and words of style; empty in runs of earlier versions."""


class RunState(Value):
    """How far a run is."""

    id: str
    state: str = "prepared"
    step: int = 0
    """Done; what is saved may lie a little behind."""
    total: int = 0
    saved_step: int = 0
    """Where a resume would go on."""
    seconds: float = 0.0
    """Of training so far, over all attempts, sampling and saving left out."""
    seconds_per_step: float | None = None
    encoding_seconds: float | None = None
    loss: float | None = None
    """Smoothed."""
    error_code: str | None = None
    error_values: dict[str, object] = Field(default_factory=dict)
    """Why it failed, to be shown in the reader's language."""
    weights_hash: str = ""
    """Of the base that it is trained on; empty before the first start."""
    device: str = ""
    precision: str = ""
    job: int | None = None
    created_at: str = ""
    """ISO 8601, UTC."""
    started_at: str = ""
    ended_at: str = ""
    host: str = ""
    pid: int | None = None
    process_started: float | None = None
    process_mark: str = ""
    """With the start, tells the process from a later one of the same number."""

    @property
    def can_resume(self) -> bool:
        """Whether it can be started, or go on."""
        return self.state in RESUMABLE


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One line of `metrics.csv`."""

    step: int
    epoch: int
    loss: float
    smoothed_loss: float
    learning_rate: float
    seconds_per_step: float
    memory_mb: float


@dataclass(frozen=True, slots=True)
class RunSample:
    """One sample picture."""

    step: int
    """0: without the LoRA."""
    number: int
    """Which of the spec's sample prompts."""
    path: Path


def prompts_kept_percent(adherence: float | None, *, base: float | None) -> float | None:
    """How much of what the base shows of its prompts the samples of a LoRA still show, 0…100, not rounded.

    Args:
        adherence: of the samples with the LoRA (see `training.adherence`); None where it was not measured.
        base: the same without the LoRA.

    Returns:
        None where one of them is not known, or where the prompts say the base too little to be missed.
    """
    if adherence is None or base is None or base < LEAST_ADHERENCE:
        return None
    return max(0.0, min(100.0, 100 * adherence / base))
