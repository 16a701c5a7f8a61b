"""A judge of hair, for people only: colour and length, read off pictures of 64 pixels; learnt from drawings."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.coherence_boards import a_story
from benchmarks.drawing_judge import Questions, teach
from preview_training.judges import SIZES, shrunk
from story_engine.preview_model.world import HAIR_COLOURS, HAIR_LENGTHS, PEOPLE, DrawnScene
from story_engine.preview_model.world.drawing.compose import draw
from story_engine.preview_model.world.drawing.sampling import sample_figure

HAIR = Questions(name="hair", answers={"hair colour": HAIR_COLOURS, "hair length": HAIR_LENGTHS}, side=SIZES["near"])


def train(folder: Path, *, drawings: int, steps: int) -> dict[str, float]:
    """The judge of hair; its accuracy on drawings that it has not seen."""
    rng = random.Random(0)
    scenes = [_of_a_person(rng) for _ in range(drawings)]
    pictures = np.stack([shrunk(draw(scene), HAIR.side) for scene in scenes])
    wanted = torch.tensor(
        [[HAIR_COLOURS.index(s.main.hair_colour), HAIR_LENGTHS.index(s.main.hair_length)] for s in scenes]
    )
    return teach(HAIR, pictures, wanted, folder, steps=steps)


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
