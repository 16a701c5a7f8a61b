"""Training in the child: the renderer's networks leave memory first, and come back with the next picture."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import asdict

import torch

from story_engine.config import read_config
from story_engine.domain.job import Progress
from story_engine.domain.job_result import Choice, MeasureResult, TrainResult
from story_engine.domain.job_spec import MeasureSpec, TrainSpec
from story_engine.errors import StudioError
from story_engine.jobs.work.chosen_device import chosen_device
from story_engine.jobs.work.render import let_go
from story_engine.store.disk_share import DiskShare
from story_engine.store.layout import Layout
from story_engine.training.choose import recommend
from story_engine.training.measure import measure
from story_engine.training.train import train

_LOG = logging.getLogger(__name__)


def run(
    spec: TrainSpec,
    *,
    job: int,
    report: Callable[[Progress], None],
    should_stop: Callable[[], bool],
    layout: Layout,
) -> TrainResult:
    """Train the run, or go on with it; then compare its checkpoints.

    Raises:
        Wait: a person's share of the disk is used up in the middle of it; it is saved, and can go on.
        StudioError: it cannot be trained; the run's own state says so too, and what was saved is kept.
    """
    del job
    _make_room(report)
    share = DiskShare(layout, read_config().user_disk_gb)
    trained = train(layout, spec.run, report=report, should_stop=lambda: should_stop() or share.is_used_up)
    if trained.state == "stopped" and not should_stop():
        share.check()
    choice = _choice(layout, spec.run, report=report, should_stop=should_stop)
    return trained.model_copy(update={"choice": choice})


def run_measure(
    spec: MeasureSpec,
    *,
    job: int,
    report: Callable[[Progress], None],
    should_stop: Callable[[], bool],
    layout: Layout,
) -> MeasureResult:
    """How many seconds a step, an encoded picture and a sample picture take; nothing is trained.

    Raises:
        StudioError: the family's weights are not here.
    """
    del job, should_stop
    _make_room(report)
    return MeasureResult.model_validate(asdict(measure(layout, spec.measure)))


def _make_room(report: Callable[[Progress], None]) -> None:
    let_go()
    chosen_device()
    threads = int(os.environ.get("STORY_STUDIO_THREADS", "0"))
    if threads:
        torch.set_num_threads(threads)
    report(Progress(stage="loading"))


def _choice(
    layout: Layout, run_id: str, *, report: Callable[[Progress], None], should_stop: Callable[[], bool]
) -> Choice | None:
    """What the samples say; None where they could not be viewed to the end, which costs the training nothing."""
    try:
        return recommend(layout, run_id, report=report, should_stop=should_stop)
    except (StudioError, OSError) as error:
        _LOG.warning("the checkpoints of %s were not compared: %s", run_id, error)
        return None
