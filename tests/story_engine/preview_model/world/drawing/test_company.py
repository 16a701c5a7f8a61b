from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from story_engine.preview_model.world import SUBJECTS, DrawnScene, Figure
from story_engine.preview_model.world.drawing import draw
from story_engine.preview_model.world.drawing.canvas import PICTURE_UNITS
from story_engine.preview_model.world.drawing.company import companions, room_for
from story_engine.preview_model.world.drawing.compose import head_of
from story_engine.preview_model.world.drawing.figures import figure_layout

HEIGHTS = {"full": 174.0, "long": 86.0, "upper": 270.0}
PAIRS = [(one, other) for one, other in product(SUBJECTS, SUBJECTS) if one != other]


def _scene(*subjects: str, shot: str = "full", action: str = "standing", **changes: object) -> DrawnScene:
    main, *others = (Figure(subject=each) for each in subjects)
    scene = DrawnScene(main=replace(main, action=action), companions=tuple(others), place="garden", shot=shot)
    return replace(scene, **changes)


@pytest.mark.parametrize("action", ["standing", "lying", "chasing"])
def test_nobody_stands_behind_the_main_figure(action: str) -> None:
    for pair in PAIRS:
        scene = _scene(*pair, action=action)
        (beside,) = companions(scene, height=174)

        assert abs(beside.x) > figure_layout(scene.main).half_width + beside.half_width


@pytest.mark.parametrize("shot", HEIGHTS)
def test_two_are_in_the_picture_wherever_the_main_figure_would_stand(shot: str) -> None:
    for pair, x in product(PAIRS, (60.0, 128.0, 196.0)):
        scene, height = _scene(*pair, shot=shot), HEIGHTS[shot]
        (beside,) = companions(scene, height=height)
        group = room_for(scene, x=x, height=height)
        tall = height * group.scale
        middle, width = group.x + beside.x * tall, 2 * beside.half_width * tall
        seen = min(middle + width / 2, PICTURE_UNITS) - max(middle - width / 2, 0)

        assert 0 < middle < PICTURE_UNITS
        assert seen > (0.6 if shot == "upper" else 0.9) * width


def test_a_figure_with_room_beside_it_is_neither_moved_nor_drawn_smaller() -> None:
    group = room_for(_scene("girl", "cat", shot="long"), x=140, height=86)

    assert (group.x, group.scale) == (140, 1)


def test_three_stand_one_on_either_side_and_no_more_than_three() -> None:
    beside = companions(_scene("cat", "maid", "dog", "boy"), height=174)

    assert [each.figure.subject for each in beside] == ["maid", "dog"]
    assert beside[0].x > 0 > beside[1].x


@pytest.mark.parametrize("prop", ["none", "umbrella"])
def test_who_is_named_second_is_always_seen_right_of_who_is_named_first(prop: str) -> None:
    for seed in range(12):
        scene = _scene("girl", "robot", prop=prop, seed=seed)
        green = replace(scene, companions=(replace(scene.companions[0], colour="green"),))
        before, after = (np.asarray(draw(each), dtype=int) for each in (scene, green))
        columns = np.nonzero(np.abs(after - before).max(axis=2) > 40)[1]

        assert np.median(columns) > head_of(scene)[0] + 20


def test_company_stands_on_the_other_side_of_a_thing() -> None:
    scene = _scene("girl", "cat", prop="umbrella", prop_colour="red")
    green = replace(scene, prop_colour="green")
    before, after = (np.asarray(draw(each), dtype=int) for each in (scene, green))
    columns = np.nonzero(np.abs(after - before).max(axis=2) > 40)[1]

    assert np.median(columns) < head_of(scene)[0]


@pytest.mark.parametrize("shot", ["full", "upper"])
@pytest.mark.parametrize("other", ["cat", "horse", "boy"])
def test_a_companion_is_seen_and_not_a_corner_of_it(other: str, shot: str) -> None:
    for seed in range(6):
        scene = _scene("girl", other, shot=shot, seed=seed)
        green = replace(scene, companions=(replace(scene.companions[0], colour="green"),))
        before, after = (np.asarray(draw(each), dtype=int) for each in (scene, green))

        assert (np.abs(after - before).max(axis=2) > 40).mean() > 0.01


@pytest.mark.parametrize("shot", ["full", "upper", "long"])
def test_the_main_figures_head_is_where_it_is_said_to_be_in_company_too(shot: str) -> None:
    scene = _scene("girl", "boy", shot=shot, seed=3)
    other = replace(scene, main=replace(scene.main, hair_colour="blond"))
    changed = np.abs(np.asarray(draw(scene), dtype=int) - np.asarray(draw(other), dtype=int)).max(axis=2) > 40
    rows, columns = np.nonzero(changed)
    x, y, radius = head_of(scene)

    assert abs(np.median(columns) - x) < radius
    assert abs(np.median(rows) - y) < 1.5 * radius
