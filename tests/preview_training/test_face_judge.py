"""Judges of faces learn from drawn ones, whole and spoilt, and ask for whole ones where somebody is near."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from preview_training import face_judge
from preview_training.face_judge import wanted_faces
from preview_training.spoilt_faces import FACE, NEAR_SHOTS, SPOILT, WHOLE, drawn_face
from preview_training.taught import NOT_SAID, TAUGHT, wanted_of
from story_engine.preview_model.architecture import SMALLEST, build_preview

WHOLE_AT, SPOILT_AT = FACE["eyes"].index(WHOLE), FACE["eyes"].index(SPOILT)


@pytest.mark.parametrize(
    ("prompt", "is_near"),
    [
        ("a girl in a garden, close-up", True),
        ("一只橙色的猫，客厅，上半身", True),
        ("a girl in a garden, full body", False),
        ("远景，一只橙色的猫", False),
        ("a girl in a garden", False),
    ],
)
def test_whole_faces_are_wanted_where_the_prompt_asks_for_somebody_near(prompt: str, is_near: bool) -> None:
    faces = wanted_faces(torch.tensor([wanted_of(prompt)]))

    assert faces.tolist() == [[WHOLE_AT if is_near else NOT_SAID] * len(FACE)]


def test_faces_of_a_seed_are_the_same_each_time_and_some_of_each_part_are_spoilt() -> None:
    first, again = ([drawn_face(rng) for _ in range(40)] for rng in (random.Random(5), random.Random(5)))

    for (one, _), (other, _) in zip(first, again, strict=True):
        assert one.tobytes() == other.tobytes()
    for part in FACE:
        assert 5 < sum(not is_whole[part] for _, is_whole in first) < 30


def test_drawn_faces_are_encoded_at_the_model_s_own_size_with_what_of_them_is_whole() -> None:
    encoder = build_preview(SMALLEST).vae_encoder

    faces = face_judge.drawn_faces(encoder, 10, picture_size=SMALLEST.picture_size, seed=5)

    side = SMALLEST.picture_size // 8
    assert faces.latents.shape == (10, 4, side, side)
    assert len(np.unique(faces.latents.reshape(10, -1), axis=0)) == 10
    rng = random.Random(5)
    whole = [is_whole for _, is_whole in (drawn_face(rng) for _ in range(10))]
    assert faces.targets.tolist() == [[int(each[part]) for part in FACE] for each in whole]
    assert {WHOLE_AT, SPOILT_AT} == set(faces.targets.flatten().tolist())


def test_the_shots_in_which_faces_are_seen_are_shots_that_judges_read() -> None:
    assert set(NEAR_SHOTS) <= set(TAUGHT["shot"])
