"""Training in the child: the renderer's networks leave memory first, and come back with the next picture."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import torch

from story_engine.domain.job import Progress
from story_engine.jobs.work_render import let_go
from story_engine.store.layout import Layout
from story_engine.training.train import train


def run(
    spec: dict[str, Any], *, report: Callable[[Progress], None], should_stop: Callable[[], bool], layout: Layout
) -> dict[str, object]:
    """Train the run `{"run": id}`, or go on with it; its state ("finished" or "stopped"), step, total and loss.

    Raises:
        StudioError: it cannot be trained; the run's own state says so too, and what was saved is kept.
    """
    let_go()
    threads = int(os.environ.get("STORY_STUDIO_THREADS", "0"))
    if threads:
        torch.set_num_threads(threads)
    report(Progress(stage="loading"))
    return train(layout, str(spec["run"]), report=report, should_stop=should_stop)
