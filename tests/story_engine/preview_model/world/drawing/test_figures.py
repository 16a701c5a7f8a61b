"""Figures and props of the training drawings: every word of the world is visible, repeatable and inside its frame."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from story_engine.preview_model.world import (
    ACTIONS,
    COLOURS,
    HAIR_COLOURS,
    HAIR_LENGTHS,
    MOODS,
    OUTFITS,
    PEOPLE,
    PROPS,
    SUBJECTS,
    VIEWS,
    Figure,
)
from story_engine.preview_model.world.drawing.canvas import RGB, Canvas, Palette
from story_engine.preview_model.world.drawing.colours import colour_of
from story_engine.preview_model.world.drawing.figures import draw_figure, figure_layout
from story_engine.preview_model.world.drawing.props import draw_prop

BACKGROUND: RGB = (228, 236, 242)
PERSON = Figure(subject="girl", colour="pink", hair_colour="purple", outfit="dress")
ANIMAL = Figure(subject="cat", colour="orange")


def drawn(
    figure: Figure,
    *,
    seed: int = 3,
    height: float = 150,
    ground_y: float = 210,
    facing: int = 1,
    palette: Palette | None = None,
) -> NDArray[np.int16]:
    palette = palette or Palette()
    canvas = Canvas(BACKGROUND, palette)
    draw_figure(
        canvas, figure, x=128, ground_y=ground_y, height=height, rng=random.Random(seed), palette=palette, facing=facing
    )
    return np.asarray(canvas.finish(256)).astype(np.int16)


def painted(picture: NDArray[np.int16]) -> NDArray[np.bool_]:
    return np.asarray((np.abs(picture - np.array(BACKGROUND)) > 6).any(axis=-1))


def share_changed(first: NDArray[np.int16], second: NDArray[np.int16]) -> float:
    """Share of the painted pixels that differ visibly."""
    changed = (np.abs(first - second).max(axis=-1) > 40).sum()
    return float(changed / (painted(first) | painted(second)).sum())


def test_every_action_draws_a_figure_of_the_promised_size() -> None:
    for subject in SUBJECTS:
        for view in VIEWS:
            for action in ACTIONS:
                figure = Figure(subject=subject, action=action, view=view)

                rows = np.flatnonzero(painted(drawn(figure)).any(axis=1))
                columns = np.flatnonzero(painted(drawn(figure)).any(axis=0))

                layout = figure_layout(figure)
                assert abs(rows[-1] - 210) <= 5, f"{action}: the lowest point is on the ground"
                # marks above a sleeping figure may rise over its own top
                assert 150 * layout.top - 9 <= 210 - rows[0] <= 150 * max(layout.top, 0.82) + 11, action
                assert columns[0] >= 128 - 125 and columns[-1] <= 128 + 125, action


@pytest.mark.parametrize(
    ("base", "attribute", "values", "least"),
    [
        (ANIMAL, "subject", SUBJECTS, 0.2),
        (ANIMAL, "colour", COLOURS, 0.08),
        (PERSON, "colour", COLOURS, 0.04),
        (PERSON, "hair_colour", HAIR_COLOURS, 0.08),
        (PERSON, "hair_length", HAIR_LENGTHS, 0.02),
        (PERSON, "outfit", OUTFITS, 0.08),
        (PERSON, "action", ACTIONS, 0.08),
        (ANIMAL, "action", ACTIONS, 0.08),
        (PERSON, "mood", MOODS, 0.015),
        (ANIMAL, "mood", MOODS, 0.015),
        (PERSON, "view", VIEWS, 0.2),
        (ANIMAL, "view", VIEWS, 0.2),
    ],
)
def test_any_two_values_of_an_attribute_look_different(
    base: Figure, attribute: str, values: tuple[str, ...], least: float
) -> None:
    pictures = {value: drawn(replace(base, **{attribute: value})) for value in values}

    for index, first in enumerate(values):
        for second in values[index + 1 :]:
            assert share_changed(pictures[first], pictures[second]) > least, f"{first} and {second}"


def test_the_same_seed_draws_the_same_pixels() -> None:
    for subject in SUBJECTS:
        figure = Figure(subject=subject, action="singing", mood="happy")

        assert np.array_equal(drawn(figure, seed=11), drawn(figure, seed=11))


def test_another_seed_shifts_the_shade_but_not_the_drawing() -> None:
    first, second = drawn(ANIMAL, seed=1), drawn(ANIMAL, seed=2)

    assert not np.array_equal(first, second)
    assert np.array_equal(painted(first), painted(second))


def test_a_figure_facing_left_is_the_mirror_image() -> None:
    figure = replace(ANIMAL, view="side")

    right, left = drawn(figure), drawn(figure, facing=-1)

    assert share_changed(right, left[:, ::-1]) < 0.05
    assert share_changed(right, left) > 0.3


def test_a_close_up_shows_the_head() -> None:
    for subject in SUBJECTS:
        figure = Figure(subject=subject, colour="green")
        layout = figure_layout(figure)

        picture = drawn(figure, height=480, ground_y=128 + 480 * layout.head_y)

        middle = painted(picture)[64:192, 64:192]
        assert middle.mean() > 0.95


def test_eyes_are_large_enough_for_the_autoencoder() -> None:
    """White of the eye and iris together reach ten pixels in a full picture; measured on surprised eyes."""
    for subject in SUBJECTS:
        wide = drawn(Figure(subject=subject, mood="surprised", colour="green"), height=190, ground_y=240)
        shut = drawn(
            Figure(subject=subject, mood="surprised", colour="green", action="wishing"), height=190, ground_y=240
        )
        layout = figure_layout(Figure(subject=subject))
        row = round(240 - 190 * layout.head_y)

        face = np.s_[row - 20 : row + 30, 128 - 40 : 128 + 40]

        whites = (wide[face].min(axis=-1) > 235).sum() - (shut[face].min(axis=-1) > 235).sum()
        assert whites > 60 or subject in ("panda", "rabbit", "robot")


def test_a_colour_word_stays_near_its_hue() -> None:
    for name in COLOURS:
        shades = np.array([colour_of(name, random.Random(seed)) for seed in range(30)])
        centres = {
            other: np.mean([colour_of(other, random.Random(seed)) for seed in range(30)], axis=0) for other in COLOURS
        }

        for shade in shades:
            nearest = min(COLOURS, key=lambda other: float(np.abs(centres[other] - shade).sum()))
            assert nearest == name


def test_the_palette_tints_every_colour_but_the_ink() -> None:
    grey = Palette(ink=(0, 0, 0), tint=lambda colour: (sum(colour) // 3,) * 3)

    picture = drawn(PERSON, palette=grey)

    assert (picture.max(axis=-1) - picture.min(axis=-1)).max() == 0


def test_every_prop_draws_within_its_size() -> None:
    for prop in PROPS:
        canvas = Canvas(BACKGROUND)
        draw_prop(canvas, prop, x=128, y=128, size=90, colour="red", rng=random.Random(5), palette=Palette())

        rows, columns = np.nonzero(painted(np.asarray(canvas.finish()).astype(np.int16)))

        if prop == "none":
            assert rows.size == 0
            return
        assert rows.size > 1500
        assert max(abs(rows - 128).max(), abs(columns - 128).max()) <= 90 * 1.3


def test_props_differ_from_each_other_and_by_colour() -> None:
    def prop_picture(prop: str, colour: str) -> NDArray[np.int16]:
        canvas = Canvas(BACKGROUND)
        draw_prop(canvas, prop, x=128, y=128, size=90, colour=colour, rng=random.Random(5), palette=Palette())
        return np.asarray(canvas.finish()).astype(np.int16)

    for index, prop in enumerate(PROPS[1:]):
        assert share_changed(prop_picture(prop, "red"), prop_picture(prop, "blue")) > 0.04
        for other in PROPS[index + 2 :]:
            assert share_changed(prop_picture(prop, "red"), prop_picture(other, "red")) > 0.3


def test_people_wear_their_hair_in_the_named_colour() -> None:
    for subject in sorted(PEOPLE):
        figure = Figure(subject=subject, hair_length="long", hair_colour="blue", colour="white")

        picture = drawn(figure)

        blue = (picture[..., 2] > picture[..., 0] + 60) & (picture[..., 2] > picture[..., 1] + 30)
        assert blue.sum() > 400, subject
