"""What a run says while it trains: its state on disk, and progress to whoever waits for the job."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from story_engine.domain.job import Progress
from story_engine.domain.run import RunState
from story_engine.errors import StudioError
from story_engine.store.runs import RunStore
from story_engine.store.timestamps import now

_LOG = logging.getLogger(__name__)
_SAY_SECONDS = 0.4
_WRITE_SECONDS = 2.0

Report = Callable[[Progress], None]


@dataclass(slots=True)
class RunReporter:
    """The run's state and its clock; of several processes only the first one speaks."""

    store: RunStore
    state: RunState
    report: Report
    total: int
    """Steps of the whole run."""
    speaks: bool
    seconds: float = 0.0
    """Of training so far, over all attempts."""
    seconds_per_step: float | None = None
    """Of the last steps."""
    _reported_at: float = 0.0
    _written_at: float = 0.0

    def stepped(self, step: int, seconds: float, *, loss: float | None) -> None:
        """Step number `step` is done and took `seconds`; `loss` is the smoothed one."""
        self.seconds += seconds
        recent = self.seconds_per_step
        self.seconds_per_step = seconds if recent is None else 0.9 * recent + 0.1 * seconds
        if not self.speaks:
            return
        known = {"step": step, "loss": loss, "seconds": self.seconds, "seconds_per_step": self.seconds_per_step}
        self.state = self.state.model_copy(update=known)
        self.progress("training", step, self.total)
        if time.monotonic() - self._written_at > _WRITE_SECONDS:
            self.write()

    def progress(self, stage: str, step: int, total: int) -> None:
        """Report how far a stage is; steps of training that come too fast are left out."""
        if not self.speaks:
            return
        is_new = stage != "training" or step == total
        if not is_new and time.monotonic() - self._reported_at < _SAY_SECONDS:
            return
        self._reported_at = time.monotonic()
        recent = self.seconds_per_step
        eta = None if recent is None else (self.total - self.state.step) * recent
        self.report(Progress(stage=stage, step=step, total=total, seconds_per_step=recent, eta_seconds=eta))

    def write(self, **changes: object) -> None:
        """Write the run's state with these changes."""
        self.state = self.state.model_copy(update=changes)
        self._written_at = time.monotonic()
        if self.speaks:
            self.store.write(self.state)

    def write_failed(self, code: str, values: dict[str, object]) -> None:
        """Write that the run failed, and why; a disk that cannot take even that is only logged."""
        try:
            self.write(state="failed", ended_at=now(), error_code=code, error_values=values)
        except StudioError:
            _LOG.exception("run %s failed, and cannot say so", self.state.id)
