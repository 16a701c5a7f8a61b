"""Trains a run, or goes on with it, in this process or in several."""

from __future__ import annotations

import os

from story_engine.domain.job_result import TrainResult
from story_engine.errors import FixInput
from story_engine.store.layout import Layout
from story_engine.store.runs import RunStore
from story_engine.training.launch import LAUNCHED, train_in_processes
from story_engine.training.report import Report
from story_engine.training.session import Session, Stop


def train(layout: Layout, run_id: str, *, report: Report, should_stop: Stop) -> TrainResult:
    """Train a run to its end, or go on where it was saved last.

    Args:
        layout: of the workspace.
        run_id: of `RunStore.create`.
        report: called with how far it is, a few times per second.
        should_stop: asked at every step; a stop saves first.

    Returns:
        How far it came; no checkpoint is chosen yet.

    Raises:
        FixInput: dataset, spec or base have changed since the run began, or a picture is gone.
        InstallOrDownload: the family's weights are not here.
        LookAtLog: the loss is no number any more; the last good checkpoint is there.
        Wait: the disk is full; what was saved before is there.
    """
    spec = RunStore(layout).spec(run_id)
    together = int(os.environ.get("WORLD_SIZE", "1"))
    if together != spec.processes and (together > 1 or LAUNCHED in os.environ):
        raise FixInput("training.other_processes", wanted=spec.processes, found=together)
    if together != spec.processes:
        return train_in_processes(layout, run_id, spec, report=report, should_stop=should_stop)
    return Session(layout, run_id, spec, report, should_stop).train()
