"""Scoring: in the child, after a render or on its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from story_engine.domain.job import Progress
from story_engine.domain.take import Take
from story_engine.errors import Cancelled
from story_engine.scoring.aesthetics import BATCH, score_pictures
from story_engine.store.datasets import DatasetStore
from story_engine.store.layout import Layout
from story_engine.store.takes import TakeStore


def run(
    spec: dict[str, Any], *, report: Callable[[Progress], None], should_stop: Callable[[], bool], layout: Layout
) -> dict[str, object]:
    """Score the takes `{"story": slug, "takes": [{"scene": id, "take": id}]}`; those deleted meanwhile are left out.

    With `{"dataset": name, "files": [file, …]}` the pictures of a dataset instead.

    Raises:
        InstallOrDownload: the scorer's weights are missing or damaged.
        Cancelled: `should_stop` said so; scores that were made are kept.
    """
    if "dataset" in spec:
        datasets = DatasetStore(layout)
        paths = [datasets.picture(spec["dataset"], file) for file in spec["files"]]
        there = [path for path in paths if path.is_file()]
        _score(there, report=report, should_stop=should_stop, layout=layout)
        return {"scored": len(there), "gone": len(paths) - len(there)}
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
    scenes = tuple(dict.fromkeys(take.scene for take in takes))
    pictures = [store.picture(take) for take in takes]
    _score(pictures, report=report, should_stop=should_stop, layout=layout, scenes=scenes)


def _score(
    pictures: Sequence[Path],
    *,
    report: Callable[[Progress], None],
    should_stop: Callable[[], bool],
    layout: Layout,
    scenes: tuple[str, ...] = (),
) -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    for start in range(0, len(pictures), BATCH):
        if should_stop():
            raise Cancelled("jobs.cancelled")
        report(Progress(stage="scoring", step=start, total=len(pictures), scenes=scenes))
        score_pictures(pictures[start : start + BATCH], layout, device=device)
