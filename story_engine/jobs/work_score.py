"""Scoring: in the child, after a render or on its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from story_engine.domain.job import Progress
from story_engine.domain.take import Take
from story_engine.errors import Cancelled
from story_engine.scoring.aesthetics import BATCH, score_pictures
from story_engine.store.layout import Layout
from story_engine.store.takes import TakeStore


def run(
    spec: dict[str, Any], *, report: Callable[[Progress], None], should_stop: Callable[[], bool], layout: Layout
) -> dict[str, object]:
    """Score the takes `{"story": slug, "takes": [{"scene": id, "take": id}]}`; those deleted meanwhile are left out.

    Raises:
        InstallOrDownload: the scorer's weights are missing or damaged.
        Cancelled: `should_stop` said so; scores that were made are kept.
    """
    store = TakeStore(layout)
    asked = [store.find(spec["story"], item["scene"], item["take"]) for item in spec["takes"]]
    takes = [take for take in asked if take is not None]
    score_takes(takes, report=report, should_stop=should_stop, layout=layout)
    return {"scored": len(takes), "gone": len(asked) - len(takes)}


def score_takes(
    takes: Sequence[Take],
    *,
    report: Callable[[Progress], None],
    should_stop: Callable[[], bool],
    layout: Layout,
) -> None:
    """Score what has no score of the present scorer yet, a batch at a time."""
    store = TakeStore(layout)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    scenes = tuple(dict.fromkeys(take.scene for take in takes))
    for start in range(0, len(takes), BATCH):
        if should_stop():
            raise Cancelled("jobs.cancelled")
        report(Progress(stage="scoring", step=start, total=len(takes), scenes=scenes))
        score_pictures([store.picture(take) for take in takes[start : start + BATCH]], layout, device=device)
