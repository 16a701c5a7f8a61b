"""Teaches judges of latents to read drawings and what a U-Net imagines.

Those that teach the U-Net (`train_adherence`) are not those that a contest asks (`train_prompt_judge`), and neither
measures: `preview_fidelity` has judges of its own, of pictures, which learnt from drawings alone.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from preview_training import imagining
from preview_training.imagining import Imagination, Imagined
from preview_training.judges_training import follow
from preview_training.taught import labels_of
from story_engine.preview_model.latent_judge import LatentJudge
from story_engine.preview_model.world import DrawnScene
from story_engine.preview_model.world.expected import ATTRIBUTES
from story_engine.store.atomic import writing

Attributes = Mapping[str, Sequence[str]]
"""What is read, and the values of each."""
_BATCH = 32
"""Of drawings, and as many of imagined ones."""
_LEARNING_RATE = 2e-3
_AVERAGE_RATE = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """Latents and what is to be read in them."""

    latents: np.ndarray
    """(count, 4, side, side)."""
    targets: torch.Tensor
    """(count, attributes) int64."""
    chances: np.ndarray
    """How often each is learnt from, (count,), with sum 1."""

    def some(self, random: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """A batch of latents, float32, and their targets."""
        rows = np.sort(random.choice(len(self.latents), _BATCH, p=self.chances))
        return torch.from_numpy(self.latents[rows].astype(np.float32)), self.targets[torch.from_numpy(rows)]


def train(
    drawn: Readable,
    imagined: Readable,
    *,
    attributes: Attributes = ATTRIBUTES,
    steps: int,
    seed: int,
    device: torch.device,
) -> LatentJudge:
    """A judge that has read both, half and half; the average of its weights, in evaluation mode, without gradients."""
    torch.set_flush_denormal(True)
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    network = LatentJudge(attributes).to(device=device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    average = copy.deepcopy(network)
    optimiser = torch.optim.AdamW(network.parameters(), lr=_LEARNING_RATE, weight_decay=0.03)
    for step in range(1, steps + 1):
        falling = 0.02 + 0.98 * math.cos(step / steps * math.pi / 2) ** 2
        for group in optimiser.param_groups:
            group["lr"] = _LEARNING_RATE * min(1.0, step / 100) * falling
        latents, wanted = (torch.cat(both) for both in zip(drawn.some(random), imagined.some(random), strict=True))
        wanted = wanted.to(device)
        with torch.autocast(device.type, torch.bfloat16):
            logits = network(_disturbed(latents, random).to(device))
        losses = [functional.cross_entropy(logits[name], wanted[:, index]) for index, name in enumerate(attributes)]
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(torch.stack(losses).sum())
        optimiser.step()
        follow(average, network, rate=max(_AVERAGE_RATE, 2 / (step + 1)))
    judge: LatentJudge = average.eval().requires_grad_(False)
    return judge


def taught(
    process: int,
    processes: int,
    *,
    name: str,
    attributes: Attributes,
    folder: Path,
    imagination: Imagination,
    latents: np.ndarray,
    scenes: Sequence[DrawnScene],
    chances: np.ndarray,
    count: int,
    steps: int,
    seed: int,
    device: torch.device,
) -> list[LatentJudge]:
    """A judge of each process, in evaluation mode on the CPU; this one's is taught here where it is not yet.

    It has read drawings, and `count` of them as the U-Net imagines them. Both are kept in the folder under `name`.
    """

    def teach() -> LatentJudge:
        imagined_file = folder / f"imagined_{name}_{process}.npz"
        if not imagined_file.exists():
            made = imagination.of_drawings(latents, scenes, chances, count=count, seed=seed + process)
            imagining.save(made, imagined_file)
        imagined = imagining.load(Imagined, imagined_file)
        # Those of `attributes` are the first ones of what is taught.
        targets = torch.tensor([labels_of(scene)[: len(attributes)] for scene in scenes])
        return train(
            Readable(latents=latents, targets=targets, chances=chances),
            Readable(
                latents=imagined.latents,
                targets=targets[torch.from_numpy(imagined.rows)],
                chances=np.full(len(imagined.rows), 1 / len(imagined.rows)),
            ),
            attributes=attributes,
            steps=steps,
            seed=seed + process,
            device=device,
        )

    return of_each_process(process, processes, name=name, attributes=attributes, folder=folder, teach=teach)


def of_each_process(
    process: int, processes: int, *, name: str, attributes: Attributes, folder: Path, teach: Callable[[], LatentJudge]
) -> list[LatentJudge]:
    """A judge of each process, in evaluation mode on the CPU, kept in the folder; this one's is taught if it is not."""
    files = [folder / f"judge_{name}_{each}.pt" for each in range(processes)]
    if not files[process].exists():
        judge = teach()
        with writing(files[process]) as temporary:
            torch.save(judge.state_dict(), temporary)
    return [_read(file, attributes) for file in files]


def _read(file: Path, attributes: Attributes) -> LatentJudge:
    """As soon as another process has written it."""
    while not file.exists():
        time.sleep(1)
    judge = LatentJudge(attributes)
    judge.load_state_dict(torch.load(file, weights_only=True, map_location="cpu"))
    return judge.eval().requires_grad_(False)


def share_read(judge: LatentJudge, latents: torch.Tensor, targets: torch.Tensor) -> Mapping[str, float]:
    """Share of right answers by attribute.

    Args:
        judge: in evaluation mode.
        latents: (count, 4, side, side) float32.
        targets: (count, attributes) int64.
    """
    with torch.no_grad():
        logits = judge(latents)
    return {
        name: float((logits[name].argmax(1) == targets[:, index]).float().mean()) for index, name in enumerate(logits)
    }


def _disturbed(latents: torch.Tensor, random: np.random.Generator) -> torch.Tensor:
    """Mirrored, a little moved, stronger or weaker, noisier or softer: a judge that is sure of less teaches better."""
    if random.random() < 0.5:
        latents = latents.flip(3)
    latents = torch.roll(latents, tuple(int(shift) for shift in random.integers(-2, 3, 2)), (2, 3))
    gain = torch.from_numpy(random.uniform(0.85, 1.2, (len(latents), 1, 1, 1)).astype(np.float32))
    latents = latents * gain + torch.randn_like(latents) * float(random.uniform(0, 0.35))
    if random.random() < 0.4:
        soft = functional.avg_pool2d(functional.pad(latents, (1, 1, 1, 1), mode="replicate"), 3, 1)
        latents = torch.lerp(latents, soft, float(random.uniform(0.1, 0.9)))
    return latents
