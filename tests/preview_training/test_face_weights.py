"""Faces count more in the loss: the right places, on every kind of head and shot, and no drawing more than another."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import torch

from preview_training.face_weights import face_weights
from story_engine.preview_model import world
from story_engine.preview_model.world.drawing import draw
from story_engine.preview_model.world.drawing.sampling import sample_figure


@pytest.mark.parametrize("shot", world.SHOTS)
@pytest.mark.parametrize("subject", ["girl", "cat", "robot", "horse"])
def test_what_moods_change_lies_where_the_weight_is(subject: str, shot: str) -> None:
    rng = random.Random(4)
    figure = replace(sample_figure(rng, subject, shot), mood="calm", action="standing", view="front")
    scene = world.DrawnScene(main=figure, place="beach", style="anime", shot=shot, seed=11)
    pictures = [
        np.asarray(draw(replace(scene, main=replace(figure, mood=mood)))).astype(int) for mood in ("calm", "happy")
    ]
    changed = np.abs(pictures[0] - pictures[1]).max(axis=2) > 24

    weights = face_weights([scene], side=32, weight=5.0)[0, 0]

    face = (weights > 1.2).numpy().repeat(8, 0).repeat(8, 1)
    assert changed.any() and changed[face].sum() > 0.8 * changed.sum()
    assert float(weights.max() / weights.min()) == pytest.approx(5.0) and float(weights.mean()) == pytest.approx(1.0)


def test_a_weight_of_one_weighs_nothing() -> None:
    scene = world.DrawnScene(main=sample_figure(random.Random(1), "cat"), place="beach", style="anime", shot="full")

    assert torch.equal(face_weights([scene, scene], side=8, weight=1.0), torch.ones(2, 1, 8, 8))
