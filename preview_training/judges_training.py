"""Trains the judges on clean drawings and checks them on drawings they have not seen."""

from __future__ import annotations

import argparse
import copy
import logging
import math
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

from preview_training.drawing_cache import DrawingCache
from preview_training.judges import (
    ATTRIBUTES,
    FAR,
    FAR_ATTRIBUTES,
    FAR_SHOTS,
    NEAR,
    SIZES,
    JudgeNetwork,
    labels,
    load_network,
    network_values,
    save,
    shrunk,
)

logger = logging.getLogger(__name__)

_AVERAGE_RATE = 0.003
HELD_OUT = 1000
"""Drawings at the end of the folder that are never trained on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeTraining:
    """What decides one training of the judges."""

    drawings: tuple[Path, ...]
    """Folders that `python -m preview_training.drawing_cache` draws; the last drawings are held out."""
    out: Path
    """The folder of the judges' files."""
    judge: str
    """"near" or "far"; the far one starts from the near one's weights."""
    steps: int
    batch: int = 64
    learning_rate: float = 2e-3
    seed: int = 0


def train(options: JudgeTraining) -> dict[str, float]:
    """Train, save, and return the accuracy (0…1) on held-out drawings by attribute."""
    torch.manual_seed(options.seed)
    torch.set_flush_denormal(True)
    torch.set_num_threads(1)
    is_far = options.judge == FAR
    path = options.out / f"{options.judge}.safetensors"
    caches = [DrawingCache(folder) for folder in options.drawings]
    pictures, targets = clean_drawings(caches, side=SIZES[options.judge], shots=FAR_SHOTS if is_far else None)
    learnt = [(name, index) for index, name in enumerate(ATTRIBUTES) if name in FAR_ATTRIBUTES or not is_far]
    network = (
        (load_network(options.out / f"{NEAR}.safetensors") if is_far else JudgeNetwork())
        .to(memory_format=torch.channels_last)
        .train()
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=options.learning_rate, weight_decay=0.02)
    judged = copy.deepcopy(network).eval()
    logger.info("%d drawings, %d of them held out", len(pictures), HELD_OUT)
    batches = _batches(pictures[:-HELD_OUT], targets[:-HELD_OUT], options)
    for step, (batch, wanted) in enumerate(islice(batches, options.steps), start=1):
        spent = step / options.steps
        for group in optimiser.param_groups:
            group["lr"] = (
                options.learning_rate * min(1.0, step / 100) * (0.02 + 0.98 * math.cos(spent * math.pi / 2) ** 2)
            )
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = network(batch)
        loss = torch.stack(
            [functional.cross_entropy(logits[name].float(), wanted[:, index]) for name, index in learnt]
        ).sum()
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimiser.step()
        follow(judged, network, rate=_AVERAGE_RATE)
        if step % 100 == 0:
            logger.info("step %d of %d, loss %.3f", step, options.steps, float(loss))
            save(judged, path, {"steps": str(step)})
    accuracy = measure(judged, pictures[-HELD_OUT:], targets[-HELD_OUT:])
    save(judged, path, {name: f"{share:.4f}" for name, share in accuracy.items()} | {"steps": str(options.steps)})
    logger.info("held-out accuracy %s", accuracy)
    return accuracy


def follow(average: nn.Module, network: nn.Module, *, rate: float) -> None:
    """Move the running average of all weights and statistics towards the network's, by `rate` (0…1) of the way."""
    with torch.no_grad():
        for mean, value in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(value, rate)
            else:
                mean.copy_(value)


def measure(network: JudgeNetwork, pictures: np.ndarray, targets: torch.Tensor) -> dict[str, float]:
    """Share of right answers by attribute, and of place apart from close-ups, which show little of it.

    Args:
        network: in evaluation mode.
        pictures: (count, side, side, 3) uint8.
        targets: (count, attributes) int64.
    """
    answers = []
    with torch.inference_mode():
        for start in range(0, len(pictures), 100):
            logits = network(network_values(pictures[start : start + 100]))
            answers.append(torch.stack([logits[name].argmax(1) for name in ATTRIBUTES], dim=1))
    right = torch.cat(answers) == targets
    accuracy = {name: float(right[:, index].float().mean()) for index, name in enumerate(ATTRIBUTES)}
    names = list(ATTRIBUTES)
    is_close = targets[:, names.index("shot")] == ATTRIBUTES["shot"].index("close")
    for name in ("place", "colour"):
        if is_close.any():
            accuracy[f"{name} without close-ups"] = float(right[~is_close, names.index(name)].float().mean())
    return accuracy


def clean_drawings(
    caches: Sequence[DrawingCache], *, side: int, shots: Container[str] | None = None
) -> tuple[np.ndarray, torch.Tensor]:
    """Ready drawings without a flaw, of these shots or all.

    Returns:
        Pictures (count, side, side, 3) uint8 and labels (count, attributes) int64.
    """
    pictures, targets = [], []
    for cache in caches:
        scenes = cache.scenes()
        clean = [
            index
            for index, scene in enumerate(scenes)
            if scene.degradation == "none" and (shots is None or scene.shot in shots)
        ]
        pictures += [shrunk(Image.fromarray(cache.pictures[index]), side) for index in clean]
        targets += [labels(scenes[index]) for index in clean]
    return np.stack(pictures), torch.tensor(targets)


def _batches(
    pictures: np.ndarray, targets: torch.Tensor, options: JudgeTraining
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    rng = np.random.default_rng(options.seed)
    while True:
        order = rng.permutation(len(pictures))
        for start in range(0, len(order) - options.batch + 1, options.batch):
            rows = np.sort(order[start : start + options.batch])
            yield _disturbed(network_values(pictures[rows]), rng), targets[torch.from_numpy(rows)]


def _disturbed(batch: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Mirrored, a little moved, brighter or darker, softer or noisier: what a decoder does to a drawing."""
    if rng.random() < 0.5:
        batch = batch.flip(3)
    batch = torch.roll(batch, tuple(int(shift) for shift in rng.integers(-3, 4, 2)), (2, 3))
    gain = torch.from_numpy(rng.uniform(0.85, 1.15, (len(batch), 1, 1, 1)).astype(np.float32))
    offset = torch.from_numpy(rng.uniform(-0.08, 0.08, (len(batch), 3, 1, 1)).astype(np.float32))
    batch = batch * gain + offset
    if rng.random() < 0.4:
        soft = functional.avg_pool2d(functional.pad(batch, (1, 1, 1, 1), mode="replicate"), 3, 1)
        batch = torch.lerp(batch, soft, float(rng.uniform(0.1, 0.6)))
    if rng.random() < 0.4:
        batch = batch + torch.randn_like(batch) * float(rng.uniform(0.02, 0.1))
    return batch.clamp(-1, 1).to(memory_format=torch.channels_last)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train the judges on folders of drawings."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("drawings", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/judges"))
    parser.add_argument("--judge", choices=(NEAR, FAR), default=NEAR)
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    train(
        JudgeTraining(
            drawings=tuple(options.drawings),
            out=options.out,
            judge=options.judge,
            steps=options.steps,
            learning_rate=options.learning_rate,
        )
    )


if __name__ == "__main__":
    main()
