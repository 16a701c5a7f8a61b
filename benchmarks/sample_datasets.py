"""The sample sets as datasets of a workspace, for benchmarks that train on them."""

from __future__ import annotations

import time
from pathlib import Path

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import PROJECT_FOLDER, Config
from story_engine.domain.run import TrainedPicture
from story_engine.domain.training import TrainingSpec
from story_engine.flows.services import Services

_LONGEST_SECONDS = 300


def services_in(workspace: Path) -> Services:
    """The engine on a workspace of the benchmark's own, with the shipped stories."""
    return open_services(Config(workspace=workspace, stories=PROJECT_FOLDER / "stories"))


def sample_dataset(services: Services, style: str, *, trigger: str = "", language: str = "zh") -> str:
    """The dataset of a sample style with its trigger in front of every caption; its name."""
    name = services.datasets.create(style)
    flows.dataset_import.bring_sample(services, name, style, language=language)
    end = time.monotonic() + _LONGEST_SECONDS
    while (importing := services.imports.state(name)) is None or importing.is_active:
        if time.monotonic() > end:
            raise SystemExit(f"the sample set {style} did not come in within {_LONGEST_SECONDS} s")
        time.sleep(0.2)
    if trigger:
        flows.dataset_captions.set_trigger(services, name, trigger)
        flows.dataset_captions.put_trigger_in_front(services, name)
    return name


def trained_pictures(
    services: Services, dataset: str, *, spec: TrainingSpec | None = None
) -> tuple[TrainedPicture, ...]:
    """What a run of this dataset trains on; with `spec`, also what each caption says beside its style."""
    return tuple(
        TrainedPicture(
            file=one.file,
            sha256=one.sha256,
            caption=one.caption,
            width=one.width,
            height=one.height,
            content=flows.train_samples.content(services, one.caption, spec=spec) if spec is not None else "",
        )
        for one in flows.dataset_view.training_pictures(services, dataset)
    )
