"""One training stage from start to end: budget, learning rate, checkpoints, log, stopping and resuming.

Randomness is a function of seed, step and process, never a state carried along: a stage that was stopped and resumed
gives the same values, to the bit, as one that ran through (with one process count). The budget is counted in steps, not
in minutes: a busy machine takes longer and teaches as much.
"""

from __future__ import annotations

import io
import json
import math
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import numpy as np
import torch
from torch import nn

from preview_training.optimisation import FlatParameters
from story_engine.store.atomic import write_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How long and how fast a stage trains."""

    folder: Path
    """Where its checkpoint and its log lie."""
    stage: str
    """Names the files in `folder`."""
    learning_rate: float
    steps: int
    """Budget, over all resumptions."""
    warm_up_steps: int = 100
    final_rate_share: float = 0.02
    """The learning rate at the end of the cosine, as a share of its peak."""
    average_decay: float = 0.999
    seed: int = 0
    process: int = 0
    processes: int = 1
    checkpoint_seconds: float = 120.0
    log_every: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Where a stage stands when a step begins."""

    step: int
    progress: float
    """Share of the budget that is spent, 0…1."""
    torch_random: torch.Generator
    random: np.random.Generator
    """Both seeded for this step and process."""


StepLosses = Callable[[Moment], dict[str, torch.Tensor]]
"""One step's losses by name; "loss" is minimised, the others are logged."""


class TrainingRun:
    """One stage over some networks; continues from its checkpoint when there is one."""

    def __init__(self, networks: Mapping[str, nn.Module], options: RunOptions) -> None:
        self.options = options
        self.parameters = FlatParameters(networks)
        self.step = 0
        self.seconds = 0.0
        self._stop = False
        if self.checkpoint_path.exists():
            self._resume()

    @property
    def checkpoint_path(self) -> Path:
        """The stage's one checkpoint file."""
        return self.options.folder / f"{self.options.stage}.checkpoint"

    @property
    def is_finished(self) -> bool:
        """The budget is spent."""
        return self.step >= self.options.steps

    def run(self, step_losses: StepLosses) -> bool:
        """Train until the budget is spent or SIGTERM arrives; a checkpoint is written in both cases.

        Returns:
            Whether the stage is finished.
        """
        if self.is_finished:
            return True
        torch.set_flush_denormal(True)
        self._stop = False
        previous = {number: signal.signal(number, self._ask_to_stop) for number in (signal.SIGTERM, signal.SIGINT)}
        saved_at = time.monotonic()
        try:
            while not self.is_finished and not self._stop:
                self._one_step(step_losses)
                if time.monotonic() - saved_at > self.options.checkpoint_seconds:
                    self.save()
                    saved_at = time.monotonic()
            self.save()
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
        return self.is_finished

    def save(self) -> None:
        """Write the checkpoint; only the first process does."""
        if self.options.process != 0:
            return
        self.options.folder.mkdir(parents=True, exist_ok=True)
        content = io.BytesIO()
        state = {"step": self.step, "seconds": self.seconds, **self.parameters.state()}
        torch.save(state, content)
        write_bytes(self.checkpoint_path, content.getvalue())

    def _resume(self) -> None:
        state = torch.load(self.checkpoint_path, weights_only=True, map_location="cpu")
        self.parameters.restore(state)
        # A longer budget than the checkpoint's continues a finished stage.
        self.step, self.seconds = state["step"], state["seconds"]

    def _one_step(self, step_losses: StepLosses) -> None:
        started = time.monotonic()
        moment = self._moment()
        losses = step_losses(moment)
        losses["loss"].backward()  # type: ignore[no-untyped-call]
        self.step += 1
        self._stop = self.parameters.exchange(stop=self._stop)
        rate = self._learning_rate(moment)
        decay = min(self.options.average_decay, (1 + self.step) / (10 + self.step))
        norm = self.parameters.update(learning_rate=rate, average_decay=decay)
        self.seconds += time.monotonic() - started
        if self.step % self.options.log_every == 0 or self.step == 1:
            values = {name: float(loss.detach()) for name, loss in losses.items()}
            self.log({**values, "gradient_norm": norm, "learning_rate": rate})

    def _moment(self) -> Moment:
        words = np.random.SeedSequence([self.options.seed, self.step, self.options.process]).generate_state(
            2, np.uint64
        )
        return Moment(
            step=self.step,
            progress=self._progress(),
            torch_random=torch.Generator().manual_seed(int(words[0] >> np.uint64(1))),
            random=np.random.default_rng(int(words[1])),
        )

    def _progress(self) -> float:
        return min(self.step / self.options.steps, 1.0)

    def _learning_rate(self, moment: Moment) -> float:
        warm_up = min((moment.step + 1) / self.options.warm_up_steps, 1.0)
        final = self.options.final_rate_share
        cosine = final + (1 - final) * 0.5 * (1 + math.cos(math.pi * moment.progress))
        return self.options.learning_rate * warm_up * cosine

    def log(self, values: Mapping[str, float]) -> None:
        """Append a line to the stage's JSON-lines log; only the first process does."""
        if self.options.process != 0:
            return
        self.options.folder.mkdir(parents=True, exist_ok=True)
        line = {"step": self.step, "seconds": round(self.seconds, 1), "progress": round(self._progress(), 4)}
        line |= {name: float(f"{value:.5g}") for name, value in values.items()}
        with (self.options.folder / f"{self.options.stage}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stop = True
