"""A judge of hair, for people only: colour and length, read off pictures of 64 pixels; learnt from drawings."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

from benchmarks.coherence_boards import a_story
from preview_training.judges import SIZES, JudgeNetwork, network_values, shrunk
from story_engine.preview_model.world import HAIR_COLOURS, HAIR_LENGTHS, PEOPLE, DrawnScene
from story_engine.preview_model.world.drawing.compose import draw
from story_engine.preview_model.world.drawing.sampling import sample_figure

HAIR: dict[str, tuple[str, ...]] = {"hair colour": HAIR_COLOURS, "hair length": HAIR_LENGTHS}
WEIGHTS, ACCURACY = "hair.pt", "judge.json"
_SIDE = SIZES["near"]


def train(folder: Path, *, drawings: int, steps: int) -> dict[str, float]:
    """The judge of hair; its accuracy on drawings that it has not seen."""
    rng = random.Random(0)
    scenes = [_of_a_person(rng) for _ in range(drawings)]
    pictures = np.stack([shrunk(draw(scene), _SIDE) for scene in scenes])
    wanted = torch.tensor(
        [[HAIR_COLOURS.index(s.main.hair_colour), HAIR_LENGTHS.index(s.main.hair_length)] for s in scenes]
    )
    torch.manual_seed(0)
    network, held_out = hair_network().train(), drawings // 6
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.02)
    chance = np.random.default_rng(0)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * (0.02 + 0.98 * (1 - step / steps))
        rows = chance.integers(0, drawings - held_out, 48)
        batch = network_values(pictures[rows])
        batch = batch.flip(3) if step % 2 else batch
        batch = torch.roll(batch, tuple(int(each) for each in chance.integers(-3, 4, 2)), (2, 3))
        seen = network(batch + torch.randn_like(batch) * 0.04)
        loss = sum((functional.cross_entropy(seen[name], wanted[rows, at]) for at, name in enumerate(HAIR)), start=0.0)
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimiser.step()
    network.eval()
    torch.save(network.state_dict(), folder / WEIGHTS)
    answers = hair_of(network, [Image.fromarray(each) for each in pictures[-held_out:]])
    truth = [(s.main.hair_colour, s.main.hair_length) for s in scenes[-held_out:]]
    right = {
        name: float(np.mean([a[name] == t[at] for a, t in zip(answers, truth, strict=True)]))
        for at, name in enumerate(HAIR)
    }
    (folder / ACCURACY).write_text(json.dumps(right))
    return right


def load(folder: Path) -> JudgeNetwork:
    """What `train` has left in the folder.

    Raises:
        FileNotFoundError: it was not trained yet.
    """
    network = hair_network()
    network.load_state_dict(torch.load(folder / WEIGHTS, weights_only=True))
    return network.eval()


def hair_network() -> JudgeNetwork:
    """Untrained."""
    network = JudgeNetwork()
    inputs = next(iter(network.heads.values())).in_features
    network.heads = nn.ModuleDict({name: nn.Linear(inputs, len(values)) for name, values in HAIR.items()})
    network.forward = _hair_forward.__get__(network)  # type: ignore[method-assign]
    return network


def _hair_forward(self: JudgeNetwork, pictures: torch.Tensor) -> dict[str, torch.Tensor]:
    hidden = self.trunk(pictures)
    pooled = torch.cat([hidden.mean(dim=(2, 3)), hidden.amax(dim=(2, 3))], dim=1)
    return {name: head(pooled) for name, head in self.heads.items()}


def hair_of(network: JudgeNetwork, pictures: Sequence[Image.Image]) -> list[dict[str, str]]:
    """Colour and length of each picture's hair."""
    batch = network_values(np.stack([shrunk(picture, _SIDE) for picture in pictures]))
    with torch.inference_mode():
        seen = network(batch)
    best = {name: seen[name].argmax(1).tolist() for name in HAIR}
    return [{name: HAIR[name][best[name][place]] for name in HAIR} for place in range(len(pictures))]


def _of_a_person(rng: random.Random) -> DrawnScene:
    while True:
        scene = rng.choice(a_story(rng).scenes)
        if rng.random() < 0.7 or scene.main.subject in PEOPLE:
            subject = scene.main.subject if scene.main.subject in PEOPLE else rng.choice(sorted(PEOPLE))
            figure = replace(
                sample_figure(rng, subject, scene.shot),
                hair_colour=rng.choice(HAIR_COLOURS),
                hair_length=rng.choice(HAIR_LENGTHS),
            )
            return replace(scene, main=figure, degradation="none")
