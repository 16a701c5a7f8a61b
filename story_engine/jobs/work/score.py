"""Scoring: in the child, after a render or on its own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

from story_engine.domain.job import Progress
from story_engine.domain.job_result import ScoreDatasetResult, ScoreResult
from story_engine.domain.job_spec import ScoreDatasetSpec, ScoreTakesSpec
from story_engine.domain.take import Take
from story_engine.errors import Cancelled, MadeWay
from story_engine.formats.picture_figures import VERSION, read_figures
from story_engine.jobs.work.chosen_device import chosen_device
from story_engine.scoring.aesthetics import BATCH, score_pictures
from story_engine.store.datasets import DatasetStore
from story_engine.store.layout import Layout
from story_engine.store.picture_figures import FigureStore
from story_engine.store.takes import TakeStore


def run(
    spec: ScoreTakesSpec,
    *,
    job: int,
    report: Callable[[Progress], None],
    should_stop: Callable[[], bool],
    layout: Layout,
    should_pause: Callable[[], bool] | None = None,
) -> ScoreResult:
    """Score takes; those deleted meanwhile are left out.

    Raises:
        InstallOrDownload: the scorer's weights are missing or damaged.
        Cancelled: `should_stop` said so; scores that were made are kept.
        MadeWay: `should_pause` said so between two batches; those that were made are not made again.
    """
    del job
    store = TakeStore(layout)
    asked = [store.find(spec.story, item.scene, item.take) for item in spec.takes]
    takes = [take for take in asked if take is not None]
    score_takes(takes, report=report, should_stop=should_stop, layout=layout, should_pause=should_pause)
    return ScoreResult(scored=len(takes), gone=len(asked) - len(takes))


def run_dataset(
    spec: ScoreDatasetSpec,
    *,
    job: int,
    report: Callable[[Progress], None],
    should_stop: Callable[[], bool],
    layout: Layout,
    should_pause: Callable[[], bool] | None = None,
) -> ScoreDatasetResult:
    """Score pictures of a dataset; those deleted meanwhile are left out. Raises as `run`."""
    del job
    datasets = DatasetStore(layout)
    paths = [datasets.picture(spec.dataset, file) for file in spec.files]
    there = [path for path in paths if path.is_file()]
    _score(there, report=report, should_stop=should_stop, layout=layout, should_pause=should_pause)
    return ScoreDatasetResult(scored=len(there), gone=len(paths) - len(there))


def score_takes(
    takes: Sequence[Take],
    *,
    report: Callable[[Progress], None],
    should_stop: Callable[[], bool],
    layout: Layout,
    should_pause: Callable[[], bool] | None = None,
) -> None:
    """Score what has no score of the present scorer yet, a batch at a time."""
    store = TakeStore(layout)
    scenes = tuple(dict.fromkeys(take.scene for take in takes))
    pictures = [store.picture(take) for take in takes]
    _score(pictures, report=report, should_stop=should_stop, layout=layout, scenes=scenes, should_pause=should_pause)


def _score(
    pictures: Sequence[Path],
    *,
    report: Callable[[Progress], None],
    should_stop: Callable[[], bool],
    layout: Layout,
    scenes: tuple[str, ...] = (),
    should_pause: Callable[[], bool] | None = None,
) -> None:
    device = chosen_device()
    for start in range(0, len(pictures), BATCH):
        if should_stop():
            raise Cancelled("jobs.cancelled")
        if start and should_pause is not None and should_pause():
            raise MadeWay("jobs.made_way")
        report(Progress(stage="scoring", step=start, total=len(pictures), scenes=scenes))
        batch = pictures[start : start + BATCH]
        try:
            scores = score_pictures(batch, layout, device=device)
        except FileNotFoundError:  # deleted in this moment: the others are scored all the same
            batch = [path for path in batch if path.is_file()]
            scores = score_pictures(batch, layout, device=device)
        if scenes:
            _keep_figures(dict(zip((score.picture_sha256 for score in scores), batch, strict=True)), layout)


def _keep_figures(pictures: dict[str, Path], layout: Layout) -> None:
    """What a page would otherwise have to read off the pictures while somebody waits."""
    store = FigureStore(layout)
    known = store.packed(VERSION)
    missing = {picture: path for picture, path in pictures.items() if picture not in known}
    with contextlib.suppress(OSError):
        store.add(VERSION, [(picture, read_figures(path).packed()) for picture, path in missing.items()])
