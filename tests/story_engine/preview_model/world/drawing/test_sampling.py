"""The sampled training scenes cover the closed world evenly and hold only its values."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from story_engine.preview_model import world
from story_engine.preview_model.world import DrawnScene, Figure
from story_engine.preview_model.world.drawing import draw, sample_scene, shipped_scenes

COUNT = 20_000


@pytest.fixture(scope="module")
def scenes() -> list[DrawnScene]:
    rng = random.Random(1)
    return [sample_scene(rng) for _ in range(COUNT)]


def share(scenes: list[DrawnScene], attribute: str) -> dict[str, float]:
    counted = Counter(getattr(scene, attribute) for scene in scenes)
    return {value: count / len(scenes) for value, count in counted.items()}


def test_one_seed_gives_one_sequence() -> None:
    first, second = random.Random(5), random.Random(5)

    assert [sample_scene(first) for _ in range(50)] == [sample_scene(second) for _ in range(50)]


def test_only_values_of_the_world_are_sampled(scenes: list[DrawnScene]) -> None:
    for scene in scenes:
        assert scene.place in world.PLACES
        assert scene.style in world.STYLES
        assert scene.shot in world.SHOTS
        assert scene.time in world.TIMES
        assert scene.prop in world.PROPS
        assert scene.prop_colour in world.COLOURS
        assert scene.degradation in world.DEGRADATIONS
        assert len(scene.companions) <= 2
        for figure in (scene.main, *scene.companions):
            assert_valid(figure)


def assert_valid(figure: Figure) -> None:
    assert figure.subject in world.SUBJECTS
    assert figure.colour in world.COLOURS
    assert figure.hair_colour in world.HAIR_COLOURS
    assert figure.hair_length in world.HAIR_LENGTHS
    assert figure.outfit in world.OUTFITS
    assert figure.action in world.ACTIONS
    assert figure.mood in world.MOODS
    assert figure.view in world.VIEWS


def test_styles_and_shots_come_out_about_even(scenes: list[DrawnScene]) -> None:
    styles, shots = share(scenes, "style"), share(scenes, "shot")

    assert set(styles) == set(world.STYLES)
    assert all(0.14 < value < 0.20 for value in styles.values())
    assert all(0.18 < value < 0.42 for value in shots.values())
    assert shots["full"] == max(shots.values())


def test_every_subject_meets_every_place_and_every_style(scenes: list[DrawnScene]) -> None:
    met = {(scene.main.subject, scene.place) for scene in scenes}
    dressed = {(scene.main.subject, scene.style) for scene in scenes}
    shown = {(scene.place, scene.style, scene.time) for scene in scenes}

    assert len(met) == len(world.SUBJECTS) * len(world.PLACES)
    assert len(dressed) == len(world.SUBJECTS) * len(world.STYLES)
    assert len(shown) == len(world.PLACES) * len(world.STYLES) * len(world.TIMES)


def test_the_shipped_combinations_come_much_more_often(scenes: list[DrawnScene]) -> None:
    pairs = Counter((scene.main.subject, scene.place) for scene in scenes)
    shipped = {(scene.main.subject, scene.place) for scene in shipped_scenes()}
    others = [count for pair, count in pairs.items() if pair not in shipped]

    assert min(pairs[pair] for pair in shipped) > 4 * sum(others) / len(others)


def test_company_things_and_spoiled_drawings_keep_their_shares(scenes: list[DrawnScene]) -> None:
    assert 0.12 < sum(bool(scene.companions) for scene in scenes) / COUNT < 0.28
    assert 0.25 < sum(scene.prop != "none" for scene in scenes) / COUNT < 0.5
    assert 0.12 < sum(scene.degradation != "none" for scene in scenes) / COUNT < 0.18


def test_pandas_are_white_and_emperors_wear_the_dragon_robe(scenes: list[DrawnScene]) -> None:
    for scene in scenes:
        if scene.main.subject == "panda":
            assert scene.main.colour == "white"
        if scene.main.subject == "emperor":
            assert scene.main.outfit == "dragon_robe"
            assert scene.main.hair_colour == "black"


def test_sampled_scenes_can_be_drawn(scenes: list[DrawnScene]) -> None:
    for scene in scenes[:120]:
        assert draw(scene).getextrema() != ((0, 0), (0, 0), (0, 0))
