"""Trainings as they really are: what the run says of itself, held against what the ledger knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from story_engine.domain.job import JobView
from story_engine.domain.job_result import Choice, TrainResult
from story_engine.domain.run import MetricRow, RunSample, RunState
from story_engine.domain.training import TrainingSpec
from story_engine.errors import ChooseAnother, StudioError
from story_engine.flows.services import Services

ACTIVE = frozenset({"queued", "running"})
MOST_POINTS = 600
"""Of a chart: more than a screen has pixels for."""
_INTERRUPTED = frozenset({"jobs.crashed_training", "jobs.stalled_training", "jobs.held"})
"""The process ended; the training itself did nothing wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCard:
    """A run in a list."""

    id: str
    name: str
    spec: TrainingSpec | None
    """None where the folder is damaged; `error` says how."""
    run: RunState | None
    state: str
    """"prepared", "queued", "running", "stopped", "finished", "failed" or "interrupted"."""
    job: JobView | None
    """Its last job."""
    error_code: str | None = None
    error_values: dict[str, object] | None = None

    @property
    def is_active(self) -> bool:
        """Waiting or running."""
        return self.state in ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One run with everything that there is to see of it."""

    card: RunCard
    spec: TrainingSpec
    run: RunState
    metrics: tuple[MetricRow, ...]
    """At most `MOST_POINTS` of them, spread evenly, the last one always."""
    samples: tuple[RunSample, ...]
    checkpoints: tuple[int, ...]
    """Steps of which there is a LoRA file."""
    requests: frozenset[str]
    """What it was asked for and has not done yet."""
    choice: Choice | None
    """Which checkpoint to keep; None before its samples were compared."""


def key_of(run: str) -> str:
    """Names a run's job in the ledger."""
    return f"train-{run}"


def cards(services: Services) -> tuple[RunCard, ...]:
    """All runs, last created first."""
    runs = services.runs.ids()
    jobs = services.ledger.latest([key_of(run) for run in runs])
    return tuple(_card(services, run, jobs.get(key_of(run))) for run in runs)


def card(services: Services, run: str) -> RunCard:
    """One run.

    Raises:
        ChooseAnother: there is none of that name.
    """
    services.runs.folder(run)
    return _card(services, run, services.ledger.latest([key_of(run)]).get(key_of(run)))


def view(services: Services, run: str) -> RunView:
    """One run with its figures and pictures.

    Raises:
        ChooseAnother: there is none of that name.
        LookAtLog: its files cannot be read.
    """
    spec, state = services.runs.spec(run), services.runs.run(run)
    found = card(services, run)
    return RunView(
        card=found,
        spec=spec,
        run=state,
        metrics=_thinned(services.runs.metrics(run)),
        samples=services.runs.samples(run),
        checkpoints=tuple(services.runs.checkpoints(run)),
        requests=services.runs.requests(run),
        choice=_choice(found.job),
    )


def _choice(job: JobView | None) -> Choice | None:
    result = job.result if job is not None else None
    return result.choice if isinstance(result, TrainResult) else None


def _card(services: Services, run: str, job: JobView | None) -> RunCard:
    try:
        spec, recorded = services.runs.spec(run), services.runs.run(run)
    except StudioError as error:
        return RunCard(
            id=run,
            name=run,
            spec=None,
            run=None,
            state="failed",
            job=job,
            error_code=error.code,
            error_values=error.values,
        )
    state = _state(services, recorded, job)
    code, values = recorded.error_code, recorded.error_values
    if state in ("failed", "interrupted") and job is not None and job.error_code not in (None, "jobs.cancelled"):
        code, values = job.error_code, job.error_values
    shown = state in ("failed", "interrupted")
    return RunCard(
        id=run,
        name=spec.name,
        spec=spec,
        run=recorded,
        state=state,
        job=job,
        error_code=code if shown else None,
        error_values=values if shown else None,
    )


def _state(services: Services, recorded: RunState, job: JobView | None) -> str:
    """What is true: a run is at work only while the ledger has a job for it that somebody does."""
    if job is None:
        return recorded.state
    if job.state == "queued":
        return "queued"
    if job.state == "running":
        # A dispatcher that was killed left the job running; the next one takes it up again.
        return "running" if services.dispatcher_state() == "running" else "queued"
    if job.state in ("failed", "held"):
        if recorded.state == "finished":
            return recorded.state
        return "interrupted" if job.error_code in _INTERRUPTED else "failed"
    # The child lives on and trains nothing: what it wrote last is no longer so.
    return "interrupted" if recorded.state == "running" else recorded.state


def _thinned(rows: Sequence[MetricRow]) -> tuple[MetricRow, ...]:
    stride = -(-len(rows) // MOST_POINTS) or 1
    return tuple(row for place, row in enumerate(rows) if (len(rows) - 1 - place) % stride == 0)


def recommended_samples(view: RunView) -> dict[int, Path]:
    """Number of the sample prompt → its picture at the recommended strength, where that is less than full."""
    choice = view.choice
    if choice is None or choice.strength == 1:
        return {}
    paths = {
        each.number: each.path.parent / f"at_{choice.strength:g}" / each.path.name
        for each in view.samples
        if each.step == choice.step
    }
    return {number: path for number, path in paths.items() if path.is_file()}


def checkpoint(services: Services, run: str, step: int) -> Path:
    """The LoRA file of a step.

    Raises:
        ChooseAnother: there is none of that step.
    """
    found = services.runs.checkpoints(run)
    if step not in found:
        listed = ", ".join(str(each) for each in found) or "–"
        raise ChooseAnother("training.no_checkpoint", name=run, step=step, listed=listed)
    return found[step]
