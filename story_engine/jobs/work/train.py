"""Training in the child: the renderer's networks leave memory first, and come back with the next picture."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import torch

from story_engine.domain.job import Progress
from story_engine.domain.training import TrainingSpec
from story_engine.errors import StudioError
from story_engine.jobs.work.render import let_go
from story_engine.store.layout import Layout
from story_engine.training.choose import recommend
from story_engine.training.measure import measure
from story_engine.training.train import train

_LOG = logging.getLogger(__name__)


def run(
    spec: dict[str, Any], *, report: Callable[[Progress], None], should_stop: Callable[[], bool], layout: Layout
) -> dict[str, object]:
    """Train the run `{"run": id}`, or go on with it; its state ("finished" or "stopped"), step, total and loss.

    With a `choice`: which checkpoint to keep, and why. With `{"measure": training spec}` nothing is trained: the result
    says how many seconds a step, an encoded picture and a sample picture take.

    Raises:
        StudioError: it cannot be trained; the run's own state says so too, and what was saved is kept.
    """
    let_go()
    threads = int(os.environ.get("STORY_STUDIO_THREADS", "0"))
    if threads:
        torch.set_num_threads(threads)
    report(Progress(stage="loading"))
    if "measure" in spec:
        return asdict(measure(layout, TrainingSpec.model_validate(spec["measure"])))
    result: dict[str, object] = train(layout, str(spec["run"]), report=report, should_stop=should_stop)
    return result | {"choice": _choice(layout, str(spec["run"]), report)}


def _choice(layout: Layout, run_id: str, report: Callable[[Progress], None]) -> dict[str, object] | None:
    """What the samples say; None where they could not be looked at, which costs the training nothing."""
    report(Progress(stage="scoring"))
    try:
        return asdict(recommend(layout, run_id))
    except (StudioError, OSError) as error:
        _LOG.warning("the checkpoints of %s were not compared: %s", run_id, error)
        return None
