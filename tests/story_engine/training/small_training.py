"""A workspace with the smallest preview model and a dataset of small pictures, ready to train."""

from __future__ import annotations

import hashlib
import io
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from story_engine.domain.dataset import DatasetEntry
from story_engine.domain.job import Progress
from story_engine.domain.job_result import TrainResult
from story_engine.domain.run import TrainedPicture
from story_engine.domain.training import SamplePrompt, TrainingSpec
from story_engine.store.dataset_pictures import NewPicture
from story_engine.store.datasets import DatasetStore
from story_engine.store.layout import Layout
from story_engine.store.runs import RunStore
from story_engine.training.train import train
from tests.story_engine.inference.small_preview import small_workspace

SIDE = 64
SIZES = ((64, 64), (80, 64), (64, 96), (130, 70), (64, 64))
_NUMBERS = itertools.count(1)
PROMPT = SamplePrompt(prompt="一只猫", negative="模糊", seed=3, title="cat")


def training_workspace(folder: Path, *, sizes: Sequence[tuple[int, int]] = SIZES) -> Layout:
    """The small workspace with a dataset "ink"."""
    layout = small_workspace(folder)
    fill_dataset(layout, "ink", sizes=sizes)
    return layout


def fill_dataset(layout: Layout, title: str, *, sizes: Sequence[tuple[int, int]]) -> None:
    """Pictures of coarse noise, the same every time."""
    store = DatasetStore(layout)
    name = store.create(title)
    incoming = store.folder(name) / "incoming"
    incoming.mkdir()
    numbers = np.random.default_rng(0)
    new = []
    for number, (width, height) in enumerate(sizes):
        coarse = Image.fromarray(numbers.integers(0, 256, (8, 8, 3), dtype=np.uint8))
        content = io.BytesIO()
        coarse.resize((width, height)).save(content, "PNG")
        paths = [incoming / f"{number}.{kind}" for kind in ("original", "image", "thumbnail")]
        for path in paths:
            path.write_bytes(content.getvalue())
        sha256 = hashlib.sha256(content.getvalue()).hexdigest()
        entry = DatasetEntry(
            file=f"{number}.png",
            original=f"{number}.png",
            source="test",
            width=width,
            height=height,
            sha256=sha256,
            original_sha256=sha256,
            perceptual_hash="0" * 16,
            caption=f"一只猫，第{number}张",
        )
        new.append(NewPicture(entry, *paths))
    store.take_in(name, new)


def pictures_of(layout: Layout, name: str = "ink") -> tuple[TrainedPicture, ...]:
    """What a run on the dataset trains on."""
    return tuple(
        TrainedPicture(
            file=entry.file, sha256=entry.sha256, caption=entry.caption, width=entry.width, height=entry.height
        )
        for entry in DatasetStore(layout).load(name).entries
    )


def small_spec(**changes: Any) -> TrainingSpec:
    """Eight quick steps that leave nothing out: buckets, crops, flips, dropout of captions."""
    fields: dict[str, Any] = {
        "name": f"Ink {next(_NUMBERS)}",
        "dataset": "ink",
        "trigger": "墨染",
        "lora_rank": 4,
        "lora_alpha": 2.0,
        "steps_per_epoch": 8,
        "batch_size": 2,
        "learning_rate": 1e-3,
        "resolution": SIDE,
        "random_flip": True,
        "crops": 2,
        "caption_dropout": 0.3,
        "noise_offset": 0.05,
        "lr_scheduler": "cosine",
        "lr_warmup_steps": 2,
        "save_every": 4,
        "sample_every": 0,
        "sample_steps": 2,
        "use_gradient_checkpointing": False,
    }
    return TrainingSpec(**(fields | changes))


def new_run(layout: Layout, **changes: Any) -> str:
    """A run that is ready to start."""
    return RunStore(layout).create(small_spec(**changes), pictures_of(layout))


def trained(layout: Layout, run: str, **changes: Any) -> TrainResult:
    """Train it here, quietly."""
    keywords: dict[str, Any] = {"report": lambda progress: None, "should_stop": lambda: False} | changes
    return train(layout, run, **keywords)


def collected() -> tuple[list[Progress], Any]:
    """Every progress that is told, and what to tell it to."""
    told: list[Progress] = []
    return told, told.append
