import json
import shutil

import pytest

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import PROJECT_FOLDER, Config
from story_engine.errors import ChooseAnother
from story_engine.flows.elsewhere import TOOLS


@pytest.fixture
def services(tmp_path):
    config = Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories")
    shutil.copytree(PROJECT_FOLDER / "stories", config.stories, ignore=shutil.ignore_patterns(".*"))
    return open_services(config)


def test_every_tool_takes_a_story_that_nothing_has_painted_yet(services):
    for tool in TOOLS:
        made = flows.elsewhere.take_elsewhere(services, "singer", tool=tool, language="zh")

        text = made.content.decode()
        for scene in services.stories.load("singer").scenes:
            assert scene.prompt[:8] in text, tool
        assert made.differences and made.name.startswith("singer"), tool


def test_one_panel_goes_alone_and_keeps_its_number(services):
    made = flows.elsewhere.take_elsewhere(services, "singer", tool="comfyui-mz-api", scene="s3")

    graph = json.loads(made.content)
    (saved,) = [node["inputs"] for node in graph.values() if node["class_type"] == "SaveImage"]
    assert (made.name, saved["filename_prefix"]) == ("singer-03-comfyui-mz-api.json", "03")


def test_the_preview_models_own_panels_are_said_to_be_painted_anew(services):
    made = flows.elsewhere.take_elsewhere(services, "orange-cat-en", tool="diffusers")

    assert "elsewhere.other_family" in {each.code for each in made.differences}


def test_a_tool_or_scene_that_is_not_there_is_named(services):
    for changes in ({"tool": "dalle"}, {"tool": "a1111", "scene": "s99"}):
        with pytest.raises(ChooseAnother):
            flows.elsewhere.take_elsewhere(services, "singer", **changes)
