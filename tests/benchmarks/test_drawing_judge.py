"""A judge that is taught on drawings, and what two benchmarks teach theirs with."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks.drawing_judge import DrawingJudge, Questions, teach
from benchmarks.two_subjects import asked_alone, asked_pairs
from preview_training.spoilt_faces import spoil
from story_engine.preview_model.world.expected import named_subjects

LIGHT = Questions(name="light", answers={"light": ("dark", "bright"), "hue": ("red", "blue")}, side=32)


def test_a_judge_learns_what_it_is_taught_and_is_read_back_from_its_folder(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    wanted = torch.from_numpy(chance.integers(0, 2, (240, 2)))
    pictures = chance.integers(0, 60, (240, 32, 32, 3), dtype=np.uint8)
    for picture, (is_bright, is_blue) in zip(pictures, wanted.tolist(), strict=True):
        picture[..., 2 if is_blue else 0] += 190 if is_bright else 40

    right = teach(LIGHT, pictures, wanted, tmp_path, steps=60)

    assert min(right.values()) > 0.9, right
    bright_red, dark_blue = Image.new("RGB", (64, 64), (220, 30, 30)), Image.new("RGB", (50, 50), (30, 30, 70))
    assert DrawingJudge.load(LIGHT, tmp_path).read([bright_red, dark_blue]) == [
        {"light": "bright", "hue": "red"},
        {"light": "dark", "hue": "blue"},
    ]


@pytest.mark.parametrize("how", ["wiped", "smeared", "shuffled", "painted over", "bent", "half"])
def test_spoiling_changes_what_is_in_the_box_and_nothing_beside_it(how: str) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)

    spoilt = np.asarray(spoil(Image.fromarray(noise), (10, 20, 50, 44), how, random.Random(2)))

    changed = (spoilt != noise).any(axis=2)
    inside = np.zeros_like(changed)
    inside[20:44, 10:50] = True
    assert changed[inside].mean() > (0.3 if how == "half" else 0.6) and not changed[~inside].any()


def test_every_prompt_for_two_names_two_of_different_kinds_and_its_drawing_has_them() -> None:
    asked = asked_pairs(60)

    assert all(set(named_subjects(one.prompt)) == set(one.pair) and len(set(one.pair)) == 2 for one in asked)
    assert [one.prompt for one in asked] == [one.prompt for one in asked_pairs(60)]
    assert {one.prompt.isascii() for one in asked[30:]} == {True, False}


def test_every_prompt_for_one_is_the_same_scene_as_for_two_with_the_first_alone() -> None:
    pairs, single = asked_pairs(60), asked_alone(60)

    assert [set(named_subjects(one.prompt)) for one in single] == [{pair.pair[0]} for pair in pairs]
    assert [(one.scene.place, one.scene.style, one.seed) for one in single] == [
        (pair.scene.place, pair.scene.style, pair.seed) for pair in pairs
    ]
    assert not any(one.scene.companions for one in single)
