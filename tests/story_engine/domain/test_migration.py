"""Older forms of a story still open."""

import copy

from story_engine.domain.migration import migrate
from story_engine.domain.validation import story_from

FLAT = {
    "title": "Singer",
    "negative_prompt": "blurry",
    "cfg_scale": 4,
    "num_inference_steps": 50,
    "scenes": [
        {"prompt": "a girl on a sofa", "negative_prompt": "dark", "seed": 0},
        {"id": "s1", "prompt": "a girl at a concert", "seed": 1},
        {"prompt": "a girl wishing", "seed": 5},
    ],
}


def test_the_flat_form_of_notebooks_becomes_a_story():
    before = copy.deepcopy(FLAT)

    story = story_from(FLAT, file="old.yaml")

    assert before == FLAT
    assert story.schema_number == 1
    assert story.negative == "blurry"
    assert (story.settings.steps, story.settings.cfg_scale) == (50, 4.0)
    assert [scene.seed for scene in story.scenes] == [0, 1, 5]
    assert story.scenes[0].negative == "dark"


def test_fresh_scene_ids_never_take_one_that_is_given():
    assert [scene["id"] for scene in migrate(FLAT)["scenes"]] == ["s2", "s1", "s3"]


def test_a_file_of_the_present_form_is_left_alone():
    data = {"schema": 1, "scenes": [{"id": "a"}]}

    assert migrate(data) is data


def test_wrong_types_pass_through_to_validation():
    assert migrate({"scenes": "x"}) == {"schema": 1, "scenes": "x"}
    assert migrate({"scenes": [3], "steps": 2, "settings": 4})["settings"] == {"steps": 2}
