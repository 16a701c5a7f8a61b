"""Every problem at once, with file, field and what to do."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from story_engine.domain.story import SCHEMA, LoraUse, Story
from story_engine.domain.validation import checked, story_from
from story_engine.errors import InvalidInput
from tests.builders import a_story

GOOD = {
    "schema": 1,
    "title": "Cat",
    "characters": [{"id": "mimi", "description": "an orange cat", "outfits": {"rain": "in a raincoat"}}],
    "settings": {"family": "kolors", "steps": 50, "cfg_scale": 4, "width": 1024, "height": 1024},
    "loras": [{"name": "ink", "strength": 0.8}],
    "scenes": [
        {"id": "s1", "prompt": "{mimi} sits", "seed": 3},
        {"id": "s2", "characters": ["mimi", {"character": "mimi", "outfit": "rain"}]},
    ],
}


def changed(path: list, value):
    data = copy.deepcopy(GOOD)
    at = data
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return data


def problems_of(data) -> list:
    with pytest.raises(InvalidInput) as raised:
        story_from(data, file="stories/cat.yaml")
    return list(raised.value.problems)


def test_a_good_story_is_read():
    story = story_from(GOOD, file="stories/cat.yaml")

    assert story.scenes[0].seed == 3
    assert story.scenes[1].characters[0].character == "mimi"
    assert story.settings.cfg_scale == 4.0
    assert checked(story, file="-") == story


@pytest.mark.parametrize(
    ("path", "value", "code", "field"),
    [
        (["titel"], "x", "unknown_key_nearest", "titel"),
        (["zzzzzz"], "x", "unknown_key", "zzzzzz"),
        (["scenes", 0, "promt"], "x", "unknown_key_nearest", "scenes[0].promt"),
        (["scenes", 0, "prompt"], False, "text_not_bool", "scenes[0].prompt"),
        (["scenes", 0, "prompt"], 12, "text_not_other", "scenes[0].prompt"),
        (["scenes", 0, "prompt"], ["a"], "text_not_other", "scenes[0].prompt"),
        (["scenes", 0, "prompt"], "a\x07b", "control_character", "scenes[0].prompt"),
        (["scenes", 0, "prompt"], "a\ud800b", "control_character", "scenes[0].prompt"),
        (["scenes", 0, "prompt"], "x" * 20_001, "too_long", "scenes[0].prompt"),
        (["scenes", 1, "seed"], -1, "seed_range", "scenes[1].seed"),
        (["scenes", 1, "seed"], 2**32, "seed_range", "scenes[1].seed"),
        (["scenes", 1, "seed"], "7", "not_a_whole_number", "scenes[1].seed"),
        (["scenes", 1, "seed"], True, "not_a_whole_number", "scenes[1].seed"),
        (["scenes", 1, "seed"], 1.5, "not_a_whole_number", "scenes[1].seed"),
        (["scenes", 1, "pinned"], "yes", "not_yes_no", "scenes[1].pinned"),
        (["scenes", 1, "id"], "s1", "duplicate_scene_id", "scenes[1].id"),
        (["scenes", 1, "id"], "S1", "duplicate_scene_id", "scenes[1].id"),
        (["scenes", 1], {"prompt": "x"}, "missing_key", "scenes[1]"),
        (["scenes", 1], "x", "not_a_mapping", "scenes[1]"),
        (["scenes"], [], "no_scenes", "scenes"),
        (["scenes"], None, "no_scenes", "scenes"),
        (["scenes"], {"a": 1}, "not_a_list", "scenes"),
        (["scenes"], [{"id": f"s{n}"} for n in range(25)], "too_many_scenes", "scenes"),
        (["characters"], [{"id": "mimi", "outfits": "rain"}], "outfits_not_a_mapping", "characters[0].outfits"),
        (["scenes", 1, "characters"], ["kiki"], "missing_character", "scenes[1].characters[0].character"),
        (
            ["scenes", 1, "characters"],
            [{"character": "mimi", "outfit": "sun"}],
            "missing_outfit",
            "scenes[1].characters[0].outfit",
        ),
        (["settings", "family"], "kolor", "unknown_choice_nearest", "settings.family"),
        (["settings", "family"], "sdxl", "unknown_choice", "settings.family"),
        (["settings", "sampler"], "dim", "unknown_choice_nearest", "settings.sampler"),
        (["settings", "noise"], "gpu", "unknown_choice_nearest", "settings.noise"),
        (["settings", "width"], 1000, "not_a_multiple", "settings.width"),
        (["settings", "width"], 192, "side_range", "settings.width"),
        (["settings", "height"], 2112, "side_range", "settings.height"),
        (["settings", "steps"], 0, "steps_range", "settings.steps"),
        (["settings", "steps"], 201, "steps_range", "settings.steps"),
        (["settings", "cfg_scale"], float("nan"), "not_a_number", "settings.cfg_scale"),
        (["settings", "cfg_scale"], float("inf"), "cfg_scale_range", "settings.cfg_scale"),
        (["settings", "cfg_scale"], -1, "cfg_scale_range", "settings.cfg_scale"),
        (["loras", 0, "strength"], 5.1, "strength_range", "loras[0].strength"),
        (["loras", 0, "strength"], -9, "strength_range", "loras[0].strength"),
        (["loras", 0, "name"], "../up", "name_character", "loras[0].name"),
        (["scenes", 1, "loras"], {"ink": 1}, "not_a_list", "scenes[1].loras"),
        (["scenes", 1, "loras"], ["ink"], "not_a_mapping", "scenes[1].loras[0]"),
        (["scenes", 1, "loras"], [{"strength": 1}], "missing_key", "scenes[1].loras[0]"),
        (["scenes", 1, "loras"], [{"name": "ink", "strength": 6}], "strength_range", "scenes[1].loras[0].strength"),
        (["scenes", 1, "loras"], [{"name": "a"}, {"name": "A"}], "duplicate_lora", "scenes[1].loras[1].name"),
        (["scenes", 1, "loras"], [{"name": f"l{n}"} for n in range(9)], "too_many_entries", "scenes[1].loras"),
        (["schema"], SCHEMA + 1, "schema_newer", "schema"),
        (["schema"], "one", "schema_unknown", "schema"),
        (["schema"], -1, "schema_unknown", "schema"),
    ],
)
def test_each_problem_names_its_field_and_what_to_do(path, value, code, field):
    found = problems_of(changed(path, value))

    # Outfits that cannot be read are missing further down as well.
    found = found[:1] if code == "outfits_not_a_mapping" else found
    assert [(problem.code, problem.where) for problem in found] == [(f"story.{code}", f"stories/cat.yaml: {field}")]
    for language in ("en", "zh"):
        assert found[0].text(language).startswith("stories/cat.yaml: ")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "name_empty"),
        ("..", "name_edges"),
        ("a/b", "name_character"),
        ("a\\b", "name_character"),
        ("C:x", "name_character"),
        ("CON", "name_reserved"),
        ("nul.txt", "name_reserved"),
        ("lpt1", "name_reserved"),
        ("a\u202egnp", "name_invisible"),
        ("a\u200bb", "name_invisible"),
        ("a\x00", "name_invisible"),
        ("cafe\u0301", "name_not_composed"),
        (".hidden", "name_edges"),
        ("dot.", "name_edges"),
        (" a", "name_edges"),
        ("x" * 300, "name_too_long"),
        ("{a}", "name_character"),
    ],
)
def test_scene_ids_that_are_no_safe_file_names_are_refused(name, code):
    assert [problem.code for problem in problems_of(changed(["scenes", 0, "id"], name))] == [f"story.{code}"]


@pytest.mark.parametrize("name", ["雨の日", "قصة", "🐉", "Märchen", "می\u200cخواهم", "👩\u200d🚀", "s1", "scene 1"])
def test_names_of_any_script_are_accepted(name):
    assert story_from(changed(["scenes", 0, "id"], name), file="-").scenes[0].id == name


def test_all_problems_come_at_once_in_both_languages():
    data = changed(["scenes", 0, "prompt"], False)
    data["titel"] = "x"
    data["scenes"][1]["seed"] = -1
    data["settings"]["steps"] = 0

    found = problems_of(data)

    assert {problem.code for problem in found} == {
        "story.text_not_bool",
        "story.unknown_key_nearest",
        "story.seed_range",
        "story.steps_range",
    }
    error = InvalidInput(tuple(found))
    assert "引号" in error.text("zh")
    assert "quotes" in error.text("en")


def test_twins_are_named_by_both_positions():
    text = problems_of(changed(["scenes", 1, "id"], "s1"))[0].text("en")

    assert 'Scenes 1 and 2 share the id "s1"' in text


def test_a_pasted_file_is_too_long_with_its_length():
    text = problems_of(changed(["scenes", 0, "prompt"], "x" * 5_000_000))[0].text("en")

    assert "too long (5 000 000 of 20 000" in text


def test_lines_are_named_when_they_are_known():
    with pytest.raises(InvalidInput) as raised:
        story_from(changed(["scenes", 1, "seed"], -1), file="cat.yaml", lines={"scenes[1].seed": 14})

    assert raised.value.problems[0].where == "cat.yaml:14: scenes[1].seed"


@pytest.mark.parametrize("data", [None, [], "text", 3, {1: 2}, {"scenes": [None]}, {"scenes": [[]]}, {None: None}])
def test_what_is_no_story_at_all_is_refused(data):
    assert problems_of(data)


def test_fields_without_a_value_count_as_left_out():
    story = story_from(changed(["style"], None), file="-")

    assert story.style == ""


def test_line_breaks_are_unified():
    assert story_from(changed(["scenes", 0, "prompt"], "a\r\nb\rc"), file="-").scenes[0].prompt == "a\nb\nc"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_subnormal=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["schema", "title", "scenes", "id", "prompt", "seed", "settings", "family", "characters", "x"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(anything)
def test_any_data_is_a_story_or_a_list_of_problems(data):
    try:
        story = story_from(data, file="x")
    except InvalidInput as error:
        assert error.problems
        assert error.text("zh")
    else:
        assert isinstance(story, Story)


def test_a_story_of_the_builders_is_valid():
    assert checked(a_story(), file="-") == a_story()


def test_no_word_about_loras_and_none_are_two_things():
    scenes = [
        {"id": "s1"},
        {"id": "s2", "loras": None},
        {"id": "s3", "loras": []},
        {"id": "s4", "loras": [{"name": "ink"}]},
    ]

    story = story_from({"schema": 1, "scenes": scenes}, file="-")

    assert [scene.loras for scene in story.scenes] == [None, None, (), (LoraUse(name="ink"),)]
    assert checked(story, file="-") == story


def test_problems_with_loras_of_several_scenes_are_told_at_once():
    wrong = [{"name": "ink", "strength": "much"}, {"name": "../x"}]

    found = problems_of({"schema": 1, "scenes": [{"id": "s1", "loras": wrong}, {"id": "s2", "loras": wrong}]})

    assert len(found) == 4
