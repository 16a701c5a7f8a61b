"""The sample sets as datasets of a workspace, for benchmarks that train on them."""

from __future__ import annotations

import time
from pathlib import Path

from story_engine.bootstrap import open_engine
from story_engine.config import PROJECT_FOLDER, Config
from story_engine.domain.run import TrainedPicture
from story_engine.engine import Engine

_LONGEST_SECONDS = 300


def engine_in(workspace: Path) -> Engine:
    """The engine on a workspace of the benchmark's own, with the shipped stories."""
    return open_engine(Config(workspace=workspace, stories=PROJECT_FOLDER / "stories"))


def sample_dataset(engine: Engine, style: str, *, trigger: str = "") -> str:
    """The dataset of a sample style with its trigger in front of every caption; its name."""
    name = engine.datasets.create(style)
    engine.datasets.bring_sample(name, style, language="zh")
    end = time.monotonic() + _LONGEST_SECONDS
    while (importing := engine.datasets.picture_import(name)) is None or importing.is_active:
        if time.monotonic() > end:
            raise SystemExit(f"the sample set {style} did not come in within {_LONGEST_SECONDS} s")
        time.sleep(0.2)
    if trigger:
        engine.datasets.set_trigger(name, trigger)
        engine.datasets.put_trigger_in_front(name)
    return name


def trained_pictures(engine: Engine, dataset: str) -> tuple[TrainedPicture, ...]:
    """What a run of this dataset trains on."""
    return tuple(
        TrainedPicture(file=one.file, sha256=one.sha256, caption=one.caption, width=one.width, height=one.height)
        for one in engine.datasets.training_pictures(dataset)
    )
