"""Every part of the closed world can be drawn, is told apart from the others, and drawn again the same."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from story_engine.preview_model.world import (
    DEGRADATIONS,
    PLACES,
    PROPS,
    SHOTS,
    STYLES,
    SUBJECTS,
    TIMES,
    DrawnScene,
    Figure,
)
from story_engine.preview_model.world.drawing import draw, shipped_scenes

CAT_AT_HOME = DrawnScene(seed=7)


def as_array(scene: DrawnScene) -> np.ndarray:
    return np.asarray(draw(scene), dtype=np.float32)


def difference(first: np.ndarray, second: np.ndarray) -> float:
    """Mean distance of two pictures in levels of 0..255, after what an 8-pixel cell can hold."""
    small = [
        np.asarray(Image.fromarray(picture.astype(np.uint8)).resize((32, 32), Image.Resampling.BOX), dtype=np.float32)
        for picture in (first, second)
    ]
    return float(np.abs(small[0] - small[1]).mean())


def assert_all_differ(scenes: dict[str, DrawnScene], least: float) -> None:
    pictures = {name: as_array(scene) for name, scene in scenes.items()}
    alike = [
        (one, other)
        for one, other in itertools.combinations(pictures, 2)
        if difference(pictures[one], pictures[other]) < least
    ]
    assert alike == []


def test_a_drawing_has_the_asked_size_and_is_in_colour() -> None:
    assert draw(CAT_AT_HOME).size == (256, 256)
    assert draw(CAT_AT_HOME, 128).size == (128, 128)
    assert draw(CAT_AT_HOME).mode == "RGB"


def test_equal_scenes_give_equal_pictures() -> None:
    for style in STYLES:
        scene = replace(CAT_AT_HOME, style=style, degradation="noisy")

        assert draw(scene).tobytes() == draw(scene).tobytes()


def test_another_seed_gives_another_picture() -> None:
    assert difference(as_array(CAT_AT_HOME), as_array(replace(CAT_AT_HOME, seed=8))) > 1


def test_all_places_differ() -> None:
    assert_all_differ({place: replace(CAT_AT_HOME, place=place, shot="long") for place in PLACES}, 12)


def test_all_styles_differ() -> None:
    assert_all_differ({style: replace(CAT_AT_HOME, style=style) for style in STYLES}, 4)


def test_all_shots_differ() -> None:
    assert_all_differ({shot: replace(CAT_AT_HOME, shot=shot) for shot in SHOTS}, 12)


@pytest.mark.parametrize("place", ["living_room", "beach", "palace_hall", "castle", "plain"])
def test_the_hours_of_a_place_differ(place: str) -> None:
    assert_all_differ({time: replace(CAT_AT_HOME, place=place, time=time) for time in TIMES}, 8)


def test_all_degradations_differ() -> None:
    assert_all_differ({name: replace(CAT_AT_HOME, degradation=name) for name in DEGRADATIONS}, 8)


def test_low_contrast_and_blur_do_what_their_names_say() -> None:
    clean, flat, soft = (
        as_array(replace(CAT_AT_HOME, degradation=name)) for name in ("none", "low_contrast", "blurry")
    )

    assert flat.std() < 0.4 * clean.std()
    assert np.abs(np.diff(soft, axis=1)).mean() < 0.5 * np.abs(np.diff(clean, axis=1)).mean()


def test_pictures_in_pixel_style_are_made_of_cells() -> None:
    picture = as_array(replace(CAT_AT_HOME, style="pixel"))

    colours = {tuple(pixel) for pixel in picture.reshape(-1, 3).astype(int).tolist()}
    assert len(colours) <= 28


def test_a_thing_shows() -> None:
    for prop in PROPS:
        bare, with_thing = as_array(CAT_AT_HOME), as_array(replace(CAT_AT_HOME, prop=prop))

        changed = np.abs(bare - with_thing).max(axis=2) > 40
        assert changed.sum() == 0 if prop == "none" else changed.sum() > 300


def test_companions_show() -> None:
    maids = tuple(Figure(subject="maid", outfit="maid_dress", colour=colour) for colour in ("pink", "green"))
    scene = replace(CAT_AT_HOME, place="palace_chamber")

    alone, in_company = as_array(scene), as_array(replace(scene, companions=maids))
    assert (np.abs(alone - in_company).max(axis=2) > 40).mean() > 0.1


def test_a_subject_stands_off_every_kind_of_place() -> None:
    for subject in SUBJECTS:
        main = Figure(subject=subject, colour="white" if subject == "panda" else "blue")

        for place, shot in itertools.product(("dark_corner", "snow_mountain"), SHOTS):
            scene = DrawnScene(main=main, place=place, shot=shot, seed=3)
            other = replace(scene, main=Figure(subject="cat" if subject != "cat" else "girl", colour="orange"))
            assert (np.abs(as_array(scene) - as_array(other)).max(axis=2) > 40).mean() > 0.01


def test_the_main_colour_is_found_in_every_style() -> None:
    for style in STYLES:
        orange, blue = (
            as_array(replace(CAT_AT_HOME, style=style, place="plain", shot="close", main=Figure(colour=colour)))
            for colour in ("orange", "blue")
        )
        warmth = [float((picture[..., 0] - picture[..., 2])[64:192, 64:192].mean()) for picture in (orange, blue)]
        assert warmth[0] > warmth[1] + 60


def test_the_shipped_scenes_are_eight_and_eight() -> None:
    scenes = shipped_scenes()

    assert [scene.main.subject for scene in scenes] == ["girl"] * 8 + ["cat"] * 4 + ["emperor"] + ["cat"] * 3
    assert all(scene.degradation == "none" for scene in scenes)
    assert_all_differ({str(index): scene for index, scene in enumerate(scenes)}, 3)
