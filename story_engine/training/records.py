"""What a run writes while it trains: the state to go on from, and figures. A state is there whole or not at all."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import logging
import pickle
from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any, TextIO

import torch
from tensorboardX import SummaryWriter

from story_engine.domain.dataset import content_digest
from story_engine.domain.run import MetricRow, TrainedPicture
from story_engine.domain.training import TrainingSpec
from story_engine.errors import FixInput, LookAtLog
from story_engine.store.atomic import cannot_write, write_bytes, writing
from story_engine.store.checkpoint_uses import used_steps
from story_engine.store.layout import Layout
from story_engine.store.runs import METRIC_COLUMNS, METRICS, RunStore

FREE_TO_CHANGE = frozenset(
    {
        "name",
        "sample_every",
        "sample_prompts",
        "sample_steps",
        "samples_as_stories",
        "save_every",
        "keep_last",
        "keep_every",
        "use_gradient_checkpointing",
    }
)
"""Fields of the spec that do not touch what is trained: a run may go on with others."""
_STATE = "state.pt"
_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class ResumeState:
    """Everything that a run needs to go on as if it had never stopped; randomness needs nothing (see `randomness`)."""

    step: int
    """Updates done."""
    adapter: Mapping[str, torch.Tensor]
    optimizer: dict[str, Any]
    scaler: dict[str, Any]
    """Of float16's gradient scaling; empty otherwise."""
    smoothed_loss: float | None
    seconds: float
    spec: dict[str, Any]
    pictures: str
    """Digest of what it trains on."""
    weights_hash: str


def write_state(folder: Path, state: ResumeState) -> None:
    """Replace the state of the run in `folder`.

    Raises:
        Wait: the disk is full or cannot be written; the state before is unchanged.
    """
    place = folder / "resume"
    try:
        with writing(place / _STATE) as temporary, temporary.open("wb") as file:
            torch.save({field: getattr(state, field) for field in ResumeState.__slots__}, file)
    except RuntimeError as error:  # torch's writer turns a full disk into one
        raise cannot_write(place, OSError(28, str(error)[:200])) from error


def read_state(folder: Path) -> ResumeState | None:
    """The state that the run in `folder` saved last; None when it saved none.

    Raises:
        LookAtLog: it cannot be read.
    """
    path = folder / "resume" / _STATE
    if not path.is_file():
        return None
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        return ResumeState(**content)
    except (OSError, RuntimeError, TypeError, pickle.UnpicklingError) as error:
        raise LookAtLog("training.damaged", path=path) from error


def check_same(state: ResumeState, spec: TrainingSpec, *, weights_hash: str) -> None:
    """Refuse to go on with other settings, or on another base.

    Raises:
        FixInput: what has changed, by name.
    """
    now = json.loads(spec.model_dump_json())
    # What an earlier version did not know yet is what its default says.
    before = json.loads(TrainingSpec.model_validate(state.spec).model_dump_json())
    changed = [
        f"{field}: {before[field]} → {now[field]}"
        for field in now
        if field not in FREE_TO_CHANGE and now[field] != before[field]
    ]
    if changed:
        raise FixInput("training.spec_changed", step=state.step, changed="; ".join(changed))
    if state.weights_hash != weights_hash:
        raise FixInput("training.base_changed", step=state.step, before=state.weights_hash[:12], now=weights_hash[:12])


def digest_of(pictures: tuple[TrainedPicture, ...]) -> str:
    """Names the exact pictures and captions of a run."""
    return content_digest([(picture.sha256, picture.caption) for picture in pictures])


class Figures:
    """`metrics.csv` and TensorBoard's events of one run.

    Args:
        folder: of the run.
        step: where it goes on; later lines are of steps that were lost, and are dropped.
    """

    def __init__(self, folder: Path, *, step: int) -> None:
        self._path = folder / METRICS
        self._keep_until(step)
        try:
            self._file: TextIO = self._path.open("a", encoding="utf-8", newline="")
            self._events = SummaryWriter(str(folder / "tensorboard"), purge_step=step + 1, flush_secs=10)
        except OSError as error:
            raise cannot_write(self._path, error) from error

    def add(self, row: MetricRow) -> None:
        """One step.

        Raises:
            Wait: the disk is full.
        """
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow([_short(value) for value in astuple(row)])
        try:
            self._file.write(line.getvalue())
            self._file.flush()
            for name, value in asdict(row).items():
                if name != "step":
                    self._events.add_scalar(f"training/{name}", value, row.step)
        except OSError as error:
            raise cannot_write(self._path, error) from error

    def close(self) -> None:
        """Write what is still held."""
        with contextlib.suppress(OSError, ValueError):
            self._file.close()
            self._events.close()

    def _keep_until(self, step: int) -> None:
        kept = [",".join(METRIC_COLUMNS)]
        if self._path.is_file():
            lines = self._path.read_text(encoding="utf-8").splitlines()[1:]
            kept += [line for line in lines if line.partition(",")[0].isdigit() and int(line.partition(",")[0]) <= step]
        write_bytes(self._path, ("\n".join(kept) + "\n").encode())


def drop_checkpoints(layout: Layout, run: str, spec: TrainingSpec) -> None:
    """Delete the checkpoints that are neither among the last ones nor at multiples of `keep_every`.

    What a person asked to save, or uses in a story, stays; where that cannot be found out, all stay.
    """
    store = RunStore(layout)
    older = list(store.checkpoints(run).items())[: -spec.keep_last] if spec.keep_last else []
    if not older:
        return
    try:
        kept = store.kept(run) | used_steps(layout, run)
    except OSError:
        _LOG.warning("no checkpoint of %s is deleted: what uses them cannot be read", run, exc_info=True)
        return
    for step, path in older:
        if step not in kept and not (spec.keep_every and step % spec.keep_every == 0):
            path.unlink(missing_ok=True)


def _short(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.9g}"
