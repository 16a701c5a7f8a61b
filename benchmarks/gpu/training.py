"""A LoRA training as the challenge's command asks for it: ours, and DiffSynth's own training step."""

from __future__ import annotations

import hashlib
import io
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from benchmarks.gpu.bench import Bench
from benchmarks.gpu.painting import stock_pipeline
from benchmarks.gpu.plans import against, capped
from benchmarks.gpu.results import Result
from story_engine.catalog.families import families
from story_engine.domain.dataset import DatasetEntry
from story_engine.domain.job import Progress
from story_engine.domain.run import TrainedPicture
from story_engine.domain.training import TrainingSpec
from story_engine.domain.training_cost import memory_of
from story_engine.inference.device_memory import DeviceMemory
from story_engine.kolors.family import KOLORS
from story_engine.kolors.networks import load_vae_encoder
from story_engine.store.dataset_pictures import NewPicture
from story_engine.store.datasets import DatasetStore
from story_engine.store.runs import RunStore
from story_engine.training.train import train

_PICTURES = 4
_WARM_UP = 2
_STEPS_UNDER_CAP = 4
_RANK, _ALPHA, _RATE = 16, 4.0, 1e-4
_TIMESTEPS = 1100


def ours(bench: Bench) -> Result:
    """The run that the app's child makes: pictures and captions encoded first, then the steps."""
    run, encoding_gib = _trained(bench, _dataset(bench, "gpu"), steps=bench.sizes.training_steps)
    precision = RunStore(bench.layout).run(run).precision
    said = f"{precision} base, checkpointed, pictures and captions encoded before"
    if bench.is_gpu:
        said += f" (peak of that: {encoding_gib:.2f} GiB)"
    return Result("training, ours", seconds=_seconds(bench, run), peak_gib=bench.peak_gib(), said=said)


def under_cap(bench: Bench, cap_gib: float) -> Result:
    """The same in a few steps with so much memory and no more."""
    with capped(bench, cap_gib) as context:
        dataset = _dataset(bench, f"gpu-{cap_gib:g}")
        family = families(bench.layout)["kolors"]
        free = int(DeviceMemory(bench.device).free_bytes())
        memory = memory_of(
            _spec(bench, dataset, steps=_STEPS_UNDER_CAP), family, available_bytes=free, is_gpu=bench.is_gpu
        )
        run, encoding_gib = _trained(bench, dataset, steps=_STEPS_UNDER_CAP)
    compared, figures = against(bench, memory.needed_bytes, context)
    plan = "encoder brought" if memory.is_encoder_brought else "encoder as a whole"
    plan += f", U-Net brought {memory.brought:.0%}" if memory.brought else ", U-Net resident"
    if bench.is_gpu:
        plan += f"; encoding {encoding_gib:.2f} GiB"
    return Result(
        f"training, {cap_gib:g} GB card",
        seconds=_seconds(bench, run),
        peak_gib=bench.peak_gib(),
        said="; ".join(filter(None, (plan, compared))),
        figures=figures,
    )


def _trained(bench: Bench, dataset: str, *, steps: int, of_steps_alone: bool = True) -> tuple[str, float]:
    """The run, and the peak of encoding; the device's peak is that of the steps afterwards, or of both."""
    runs = RunStore(bench.layout)
    entries = DatasetStore(bench.layout).load(dataset).entries
    pictures = tuple(
        TrainedPicture(
            file=entry.file, sha256=entry.sha256, caption=entry.caption, width=entry.width, height=entry.height
        )
        for entry in entries
    )
    run = runs.create(_spec(bench, dataset, steps=steps), pictures)
    encoding: list[float] = []

    def reported(progress: Progress) -> None:
        if progress.stage == "training" and not encoding:
            encoding.append(bench.peak_gib() or 0.0)
            if of_steps_alone:
                bench.forget_peak()

    train(bench.layout, run, report=reported, should_stop=lambda: False)
    return run, encoding[0]


def _seconds(bench: Bench, run: str) -> float:
    return statistics.median(row.seconds_per_step for row in RunStore(bench.layout).metrics(run)[_WARM_UP:])


def _spec(bench: Bench, dataset: str, *, steps: int) -> TrainingSpec:
    return TrainingSpec(
        name=f"{dataset} {time.time_ns()}",
        dataset=dataset,
        family="kolors",
        lora_rank=_RANK,
        lora_alpha=_ALPHA,
        learning_rate=_RATE,
        steps_per_epoch=_WARM_UP + steps,
        resolution=bench.sizes.side,
        center_crop=True,
        aspect_buckets=False,
        use_gradient_checkpointing=True,
        sample_every=0,
        save_every=_WARM_UP + steps,
        min_snr_gamma=0.0,
        max_grad_norm=0.0,
        caption_dropout=0.0,
    )


def by_diffsynth(bench: Bench) -> Result:
    """`LightningModelForT2ILoRA.training_step`, unchanged, in the loop that Lightning runs for 16-mixed.

    Text encoder, VAE and U-Net stay on the device, and every step encodes its caption and its picture.
    """
    model = _diffsynth_model(bench)
    name = _dataset(bench, "gpu")
    store = DatasetStore(bench.layout)
    entries = store.load(name).entries
    scaler = torch.amp.GradScaler(bench.device, enabled=bench.is_gpu)
    optimizer = model.configure_optimizers()

    def step(number: int) -> None:
        entry = entries[number % len(entries)]
        with Image.open(store.picture(name, entry.file)) as picture:
            pixels = torch.from_numpy(np.asarray(picture.convert("RGB"), dtype=np.float32) / 127.5 - 1)
        batch = {"text": [entry.caption], "image": pixels.permute(2, 0, 1)[None]}
        with torch.autocast("cuda", torch.float16) if bench.is_gpu else nullcontext():
            loss = model.training_step(batch, number)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()

    for number in range(_WARM_UP):
        step(number)
    bench.forget_peak()
    took = [bench.timed(partial(step, number)) for number in range(bench.sizes.training_steps)]
    said = "16-mixed, checkpointed, everything encoded at every step" if bench.is_gpu else "float32, checkpointed"
    return Result("training, notebook", seconds=statistics.median(took), peak_gib=bench.peak_gib(), said=said)


def _diffsynth_model(bench: Bench) -> Any:
    """As examples/train/kolors/train_kolors_lora.py fits it together."""
    with_lightning()
    from diffsynth.trainers.text_to_image import LightningModelForT2ILoRA

    class Model(LightningModelForT2ILoRA):  # type: ignore[misc]
        """On the device, without a trainer to log to."""

        device = bench.device

        def log(self, *_: object, **__: object) -> None:
            """Nobody reads it."""

    model = Model(learning_rate=_RATE, use_gradient_checkpointing=True)
    model.pipe = stock_pipeline(bench)
    encoder = load_vae_encoder(KOLORS.folder(bench.layout), device=bench.device)
    model.pipe.vae_encoder = encoder.to(bench.dtype)
    model.pipe.scheduler.set_timesteps(_TIMESTEPS)
    model.freeze_parameters()
    model.add_lora_to_model(model.pipe.denoising_model(), lora_rank=_RANK, lora_alpha=_ALPHA)
    return model


def with_lightning() -> None:
    """DiffSynth's trainer imports it and declares it nowhere; where it is missing, the one class needed of it."""
    try:
        from lightning import LightningModule  # noqa: F401
    except ImportError:
        stand_in = ModuleType("lightning")
        stand_in.LightningModule = nn.Module  # type: ignore[attr-defined]
        sys.modules["lightning"] = stand_in


def _dataset(bench: Bench, title: str) -> str:
    """A few pictures of coarse noise, with captions that nobody has encoded yet; its name."""
    store = DatasetStore(bench.layout)
    if title in store.names():
        return title
    name = store.create(title)
    folder = store.folder(name) / "incoming"
    folder.mkdir()
    store.take_in(name, list(_pictures(folder, bench.sizes.side, title)))
    return name


def _pictures(folder: Path, side: int, words: str) -> Iterator[NewPicture]:
    numbers = np.random.default_rng(0)
    for number in range(_PICTURES):
        content = io.BytesIO()
        coarse = Image.fromarray(numbers.integers(0, 256, (8, 8, 3), dtype=np.uint8))
        coarse.resize((side, side)).save(content, "PNG")
        paths = [folder / f"{number}.{kind}" for kind in ("original", "image", "thumbnail")]
        for path in paths:
            path.write_bytes(content.getvalue())
        sha256 = hashlib.sha256(content.getvalue()).hexdigest()
        entry = DatasetEntry(
            file=f"{number}.png",
            original=f"{number}.png",
            source="benchmark",
            width=side,
            height=side,
            sha256=sha256,
            original_sha256=sha256,
            perceptual_hash="0" * 16,
            caption=f"二次元，{words}，第{number}张",
        )
        yield NewPicture(entry, *paths)
