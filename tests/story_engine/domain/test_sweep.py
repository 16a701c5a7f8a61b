from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from story_engine.domain.resolve import resolve
from story_engine.domain.story import LoraUse, Settings
from story_engine.domain.sweep import LIMITS, MOST_CELLS, Axis, Sweep, painting_order, problems, varied
from story_engine.domain.sweep_text import EXAMPLES, read_axis, spelled
from tests.builders import PREVIEW, a_scene, a_story


def values(kind, text, known=()):
    reading = read_axis(kind, text, known=known)
    assert reading.problems == ()
    return list(reading.axis.values)


def codes(kind, text, known=()):
    return [problem.code for problem in read_axis(kind, text, known=known).problems]


def a_sweep(x, y=None, **changes):
    axes = {"x": Axis(kind=x[0], values=tuple(x[1:])), "y": y and Axis(kind=y[0], values=tuple(y[1:]))}
    return Sweep(**({"scene": "s1"} | axes | changes))


def found(sweep, story=None, *, stand_in=None):
    return [problem.code for problem in problems(sweep, story or a_story(), stand_in=stand_in)]


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("seed", "0,1,2", [0, 1, 2]),
        ("seed", "0-7", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("seed", "１，３、５；7", [1, 3, 5, 7]),
        ("seed", "5-1 (-2)", [5, 3, 1]),
        ("seed", "3-1", [3, 2, 1]),
        ("seed", "1 2 3", [1, 2, 3]),
        ("seed", "1-9 [5]", [1, 3, 5, 7, 9]),
        ("seed", "2, 2, 2.0", [2]),
        ("strength", "0.25-1.0 (+0.25)", [0.25, 0.5, 0.75, 1.0]),
        ("strength", "0-1 [5]", [0, 0.25, 0.5, 0.75, 1]),
        ("strength", "0-1.25", [0, 0.25, 0.5, 0.75, 1, 1.25]),
        ("strength", "-1--0.5 (+0.5)", [-1, -0.5]),
        ("strength", "0…0.5（0.25）", [0, 0.25, 0.5]),
        ("strength", "−0.5–0.5 (0.5)", [-0.5, 0, 0.5]),
        ("strength", "0-1 [4]", [0, 0.3333, 0.6667, 1]),
        ("steps", "10-30", [10, 15, 20, 25, 30]),
        ("cfg_scale", "1.5, 4", [1.5, 4]),
        ("sampler", "DDIM, dpm++ 2m karras", ["ddim", "dpmpp_2m_karras"]),
        ("sampler", "全部", ["ddim", "euler", "dpmpp_2m_karras"]),
        ("guidance", "off, by_noise", ["constant", "by_noise"]),
        ("guidance", "开、关", ["by_noise", "constant"]),
    ],
)
def test_what_is_typed_becomes_values(kind, text, expected):
    assert values(kind, text) == expected


def test_lora_names_are_those_of_the_library_and_none_is_the_control():
    assert values("lora", "none, Ink，水墨", ("ink", "水墨")) == ["", "ink", "水墨"]
    assert values("lora", "all", ("ink", "水墨")) == ["ink", "水墨"]
    assert values("lora", "none", ("none",)) == ["none"]


def test_checkpoints_are_those_of_the_training_and_zero_is_the_control():
    assert values("checkpoint", "0, 500-1500", ("500", "1000", "1500", "2000")) == [0, 500, 1000, 1500]
    assert values("checkpoint", "all", ("500", "1000")) == [500, 1000]


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("seed", " ,; ", ["sweep.empty"]),
        ("seed", "1, x, -4, 1.5", ["sweep.not_understood", "sweep.out_of_range", "sweep.not_whole"]),
        ("seed", "0-4294967295", ["sweep.too_many_values"]),
        ("seed", "4294967296", ["sweep.out_of_range"]),
        ("strength", "0-1 (+0.000001)", ["sweep.too_many_values"]),
        ("strength", "0-1 [999999999]", ["sweep.too_many_values"]),
        ("strength", "0-1 [0]", ["sweep.too_many_values"]),
        ("strength", "0-1 (0)", ["sweep.no_way"]),
        ("strength", "0-1 (-0.5)", ["sweep.no_way"]),
        ("strength", "9, nan, inf, 1e5", ["sweep.out_of_range", *["sweep.not_understood"] * 3]),
        ("steps", "0, 201", ["sweep.out_of_range"] * 2),
        ("cfg_scale", "31", ["sweep.out_of_range"]),
        ("sampler", "dpm3", ["sweep.unknown_sampler"]),
        ("guidance", "usual", ["sweep.unknown_guidance"]),
        ("lora", "ink", ["sweep.unknown_lora"]),
        ("checkpoint", "123", ["sweep.unknown_checkpoint"]),
        ("seed", "1," * 2000, ["sweep.text_too_long"]),
        ("seed", ",".join(map(str, range(65))), ["sweep.too_many_values"]),
    ],
)
def test_everything_wrong_with_a_text_is_said_at_once(kind, text, expected):
    assert codes(kind, text) == expected


@given(st.sampled_from(sorted(EXAMPLES)), st.text(alphabet="0123456789-+.,()[]~… \n，、无alloneddim", max_size=60))
def test_any_text_is_read_or_refused_within_the_limits(kind, text):
    reading = read_axis(kind, text, known=("500", "1000"))

    assert (reading.axis is None) == bool(reading.problems)
    if reading.axis is not None:
        assert 1 <= len(reading.axis.values) <= MOST_CELLS
        least, most = LIMITS.get(kind, (0, 0))
        assert kind in {"lora", "sampler", "guidance"} or all(least <= value <= most for value in reading.axis.values)


@given(
    st.sampled_from(["seed", "steps", "strength", "cfg_scale"]),
    st.integers(1, 20),
    st.sampled_from([1, 2, 5]),
    st.integers(1, 12),
    st.booleans(),
)
def test_what_is_spelled_is_read_again(kind, first, step, count, downwards):
    numbers = [first + place * step for place in range(count)][:: -1 if downwards else 1]
    exact = [value / 20 for value in numbers] if kind in {"strength", "cfg_scale"} else numbers
    axis = Axis(kind=kind, values=tuple(exact))

    assert values(kind, spelled(axis)) == exact


def test_even_values_are_spelled_as_a_range():
    assert spelled(Axis(kind="seed", values=(0, 1, 2, 3))) == "0-3"
    assert spelled(Axis(kind="strength", values=(0.0, 0.25, 0.5))) == "0-0.5 (+0.25)"
    assert spelled(Axis(kind="lora", values=("", "ink"))) == "none, ink"


def test_a_sweep_survives_its_json():
    sweep = a_sweep(("strength", 0.0, 1.0), ("seed", 0, 7), lora="ink")

    assert Sweep.model_validate_json(sweep.model_dump_json()) == sweep


def test_all_problems_of_a_sweep_are_listed():
    sweep = a_sweep(("lora", "ink"), ("checkpoint", *range(65)))

    assert found(sweep) == ["sweep.lora_and_checkpoint", "sweep.too_many_cells", "sweep.no_run"]


def test_a_strength_needs_a_lora_of_the_scene_or_one_that_is_chosen():
    sweep = a_sweep(("strength", 0.0, 1.0))

    assert found(sweep) == ["sweep.no_lora"]
    assert found(sweep.model_copy(update={"lora": "ink"})) == []
    assert found(sweep, a_story(loras=(LoraUse(name="ink"),))) == []


def test_a_stand_in_uses_no_lora_and_the_sweep_says_so():
    story = a_story(settings=Settings(family="kolors", stand_in="preview"), loras=(LoraUse(name="ink"),))

    assert found(a_sweep(("strength", 0.0), ("lora", "ink")), story, stand_in="preview") == ["sweep.stand_in"]
    assert found(a_sweep(("seed", 1), ("steps", 5)), story, stand_in="preview") == []


def test_a_cell_has_its_values_and_all_else_as_the_story_has_it():
    story = a_story(a_scene(1, seed=3), a_scene(2), settings=Settings(steps=9), loras=(LoraUse(name="ink"),))
    sweep = a_sweep(("cfg_scale", 2.0, 6.0), ("seed", 7, 8))

    cell = varied(story, sweep, sweep.at(1, 0))

    assert (cell.settings.cfg_scale, cell.settings.steps, cell.scene("s1").seed) == (6.0, 9, 7)
    assert cell.loras == story.loras and cell.scene("s2") == story.scene("s2")


@pytest.mark.parametrize(
    ("sweep", "at", "expected"),
    [
        (a_sweep(("strength", 0.5)), {"strength": 0.5}, [("ink", 0.5), ("line", 0.3)]),
        (a_sweep(("strength", 0.5), lora="line"), {"strength": 0.5}, [("ink", 1.0), ("line", 0.5)]),
        (a_sweep(("strength", 0.5), lora="new"), {"strength": 0.5}, [("ink", 1.0), ("line", 0.3), ("new", 0.5)]),
        (a_sweep(("lora", "line")), {"lora": "line"}, [("line", 0.3)]),
        (a_sweep(("lora", "new")), {"lora": "new"}, [("new", 1.0)]),
        (a_sweep(("lora", "")), {"lora": ""}, []),
        (a_sweep(("lora", "new")), {"lora": "new", "strength": 0.5}, [("new", 0.5)]),
        (a_sweep(("lora", "")), {"lora": "", "strength": 0.5}, []),
        (a_sweep(("checkpoint", 500), run="r1"), {"checkpoint": 500, "strength": 0.5}, [("r1@500", 0.5)]),
        (a_sweep(("checkpoint", 0), run="r1"), {"checkpoint": 0}, []),
    ],
)
def test_which_loras_a_cell_uses(sweep, at, expected):
    story = a_story(loras=(LoraUse(name="ink"), LoraUse(name="line", strength=0.3)))

    assert [(use.name, use.strength) for use in varied(story, sweep, at).loras] == expected


def test_a_cell_that_changes_nothing_is_the_scene_s_own_picture():
    story = a_story(a_scene(1, seed=3))
    sweep = a_sweep(("seed", 3), ("steps", PREVIEW.steps))

    cell = varied(story, sweep, sweep.at(0, 0))

    recipes = [resolve(each, each.scene("s1"), 0, family=PREVIEW, loras={}) for each in (story, cell)]
    assert recipes[0].digest == recipes[1].digest


def test_what_costs_most_to_change_is_changed_least():
    sweep = a_sweep(("lora", "", "ink"), ("strength", 0.5, 1.0))
    turned = a_sweep(("seed", 1, 2), ("strength", 0.5, 1.0))

    assert painting_order(sweep) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert painting_order(turned) == [(0, 0), (1, 0), (0, 1), (1, 1)]
