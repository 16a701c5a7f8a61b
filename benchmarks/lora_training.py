"""Steps per second and peak memory of a LoRA training: ours against DiffSynth 1.1.9's own loop on the preview model.

    pip install lightning          # DiffSynth's trainer needs it and does not declare it
    python -m benchmarks.lora_training [--steps 40] [--batch 1] [--rounds 2] [--precision float32]

Both train the same adapter (rank 16, alpha 4, to_q, to_k, to_v, to_out) on the same 24 drawings at 256 × 256, with the
same batch, precision and thread count, each in a process of its own, in turns. DiffSynth's side is its
`LightningModelForT2ILoRA` and `TextImageDataset` as `launch_training_task` fits them together, on the CPU instead of
the GPU. The first five steps of each are not counted. Peak memory is the process's, imports and base included. CPU
seconds say what the work is where other programs take turns with it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from story_engine import flows

DATASET = "crayon"
WARM_UP_STEPS = 5
RANK, ALPHA, RATE = 16, 4.0, 1e-4
PRECISIONS = {"float32": "32-true", "bfloat16": "bf16-true"}
"""Ours → Lightning's word for it."""
Marks = list[tuple[int, float]]
"""Steps done, and the CPU seconds that the process has used by then."""


def train_with_diffsynth(folder: Path, options: argparse.Namespace, marks: Marks) -> list[float]:
    """Seconds per step of DiffSynth's loop on `folder`/train/metadata.csv."""
    import lightning
    import torch
    from diffsynth.data.simple_text_image import TextImageDataset
    from diffsynth.trainers.text_to_image import LightningModelForT2ILoRA

    from benchmarks.render_speed import stock_pipeline
    from story_engine.config import read_config
    from story_engine.store.layout import Layout

    torch.set_num_threads(options.threads)

    class Model(LightningModelForT2ILoRA):
        """As examples/train/kolors/train_kolors_lora.py: pipeline, frozen parameters, LoRA, 1100 timesteps."""

        def __init__(self) -> None:
            super().__init__(learning_rate=RATE, use_gradient_checkpointing=options.checkpointing)
            self.pipe = stock_pipeline(Layout.of(read_config()))
            self.pipe.torch_dtype = {"float32": torch.float32, "bfloat16": torch.bfloat16}[options.precision]
            self.pipe.to(self.pipe.torch_dtype)
            self.pipe.scheduler.set_timesteps(1100)
            self.freeze_parameters()
            self.add_lora_to_model(self.pipe.denoising_model(), lora_rank=RANK, lora_alpha=ALPHA)

    class Clock(lightning.Callback):
        seconds: list[float]

        def on_train_start(self, *_: object) -> None:
            self.seconds, self.last = [], time.monotonic()

        def on_train_batch_end(self, *_: object, **__: object) -> None:
            now = time.monotonic()
            self.seconds.append(now - self.last)
            self.last = now
            marks.append((len(self.seconds), time.process_time()))

    clock = Clock()
    dataset = TextImageDataset(
        str(folder / "dataset"), steps_per_epoch=options.steps * options.batch, height=256, width=256, center_crop=True
    )
    loader = torch.utils.data.DataLoader(dataset, shuffle=True, batch_size=options.batch, num_workers=0)
    trainer = lightning.Trainer(
        max_epochs=1,
        accelerator="cpu",
        devices=1,
        precision=PRECISIONS[options.precision],
        default_root_dir=folder / "output",
        callbacks=[clock],
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(Model(), loader)
    return clock.seconds


def train_with_ours(folder: Path, options: argparse.Namespace, marks: Marks) -> list[float]:
    """Seconds per step of the Studio's loop, through the function that its jobs call."""
    import torch

    from benchmarks.sample_datasets import services_in, trained_pictures
    from story_engine.domain.job import Progress
    from story_engine.domain.training import TrainingSpec
    from story_engine.store.layout import Layout
    from story_engine.store.runs import RunStore
    from story_engine.training.train import train

    torch.set_num_threads(options.threads)
    services = services_in(folder / "workspace")
    layout = Layout.of(services.config)
    runs = RunStore(layout)
    spec = TrainingSpec(
        name=f"benchmark-{time.time_ns()}",
        dataset=DATASET,
        lora_rank=RANK,
        lora_alpha=ALPHA,
        learning_rate=RATE,
        steps_per_epoch=options.steps,
        batch_size=options.batch,
        precision=options.precision,
        center_crop=True,
        use_gradient_checkpointing=options.checkpointing,
        aspect_buckets=False,
        sample_every=0,
        save_every=options.steps,
        min_snr_gamma=0.0,
        max_grad_norm=0.0,
        caption_dropout=0.0,
    )
    run = runs.create(spec, trained_pictures(services, DATASET))

    def mark(progress: Progress) -> None:
        if progress.stage == "training":
            marks.append((progress.step, time.process_time()))

    train(layout, run, report=mark, should_stop=lambda: False)
    return [row.seconds_per_step for row in runs.metrics(run)]


def measured(side: str, folder: Path, options: argparse.Namespace) -> dict[str, float]:
    """One side's figures, from a process of its own."""
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "benchmarks.lora_training",
        "--side",
        side,
        "--folder",
        str(folder),
        "--steps",
        str(options.steps),
        "--batch",
        str(options.batch),
        "--threads",
        str(options.threads),
        "--precision",
        options.precision,
        *(["--checkpointing"] if options.checkpointing else []),
    ]
    environment = os.environ | {"OMP_NUM_THREADS": str(options.threads)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise SystemExit(f"{side} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def one_side(side: str, folder: Path, options: argparse.Namespace) -> dict[str, float]:
    """Train, and say what it took."""
    marks: Marks = []
    seconds = {"ours": train_with_ours, "diffsynth": train_with_diffsynth}[side](folder, options, marks)
    counted_marks = [mark for mark in marks if mark[0] >= WARM_UP_STEPS]
    (first, began), (last, ended) = counted_marks[0], counted_marks[-1]
    counted = seconds[WARM_UP_STEPS:]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    used = (ended - began) / (last - first)
    return {"steps_per_second": 1 / statistics.median(counted), "cpu_seconds_per_step": used, "peak_mb": peak}


def lay_out(folder: Path) -> None:
    """The drawings as a dataset of a workspace, and as the folder that the challenge's script reads."""
    from benchmarks.sample_datasets import sample_dataset, services_in

    services = services_in(folder / "workspace")
    sample_dataset(services, DATASET)
    train = folder / "dataset" / "train"
    train.mkdir(parents=True)
    for picture in flows.dataset_view.training_pictures(services, DATASET):
        (train / picture.file).write_bytes(picture.path.read_bytes())
    (train / "metadata.csv").write_bytes(flows.dataset_export.metadata_csv_of(services, DATASET))


def main() -> None:
    """Measure in turns and print; a side's best round counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--precision", choices=PRECISIONS, default="float32")
    parser.add_argument("--checkpointing", action="store_true", help="as the challenge's command; slower, less memory")
    parser.add_argument("--side", choices=("ours", "diffsynth"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        print(json.dumps(one_side(options.side, options.folder, options)))
        return
    rounds: dict[str, list[dict[str, float]]] = {"diffsynth": [], "ours": []}
    with tempfile.TemporaryDirectory() as folder:
        lay_out(Path(folder))
        for _ in range(options.rounds):
            for side, results in rounds.items():
                results.append(measured(side, Path(folder), options))
    steps = {side: max(one["steps_per_second"] for one in results) for side, results in rounds.items()}
    used = {side: min(one["cpu_seconds_per_step"] for one in results) for side, results in rounds.items()}
    peak = {side: min(one["peak_mb"] for one in results) for side, results in rounds.items()}
    report = {
        "date": date.today().isoformat(),
        "machine": f"{platform.processor() or platform.machine()}, {options.threads} thread(s)",
        "batch": options.batch,
        "precision": options.precision,
        "checkpointing": options.checkpointing,
        "steps_per_second": steps,
        "cpu_seconds_per_step": used,
        "peak_mb": peak,
        "cpu_ratio": used["diffsynth"] / used["ours"],
        "speed_ratio": steps["ours"] / steps["diffsynth"],
        "memory_ratio": peak["ours"] / peak["diffsynth"],
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
