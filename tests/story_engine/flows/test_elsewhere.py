import json

import pytest

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.edit import Edit
from story_engine.errors import ChooseAnother
from story_engine.flows.elsewhere import TOOLS
from tests.shipped import copy_shipped_stories
from tests.story_engine.flows.submitted import LORA, kolors_lora, ready_services, ready_story


@pytest.fixture
def services(tmp_path):
    config = Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories")
    copy_shipped_stories(config.stories)
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


@pytest.mark.parametrize("tool", TOOLS)
def test_every_tool_is_said_to_guide_at_every_noise_level(services, tool):
    story = services.stories.load("singer")
    edit = Edit(scene=None, field="settings", part=("guidance",), value="by_noise", seen=story.settings.guidance)
    before = flows.elsewhere.take_elsewhere(services, "singer", tool=tool)

    services.stories.edit("singer", [edit])
    after = flows.elsewhere.take_elsewhere(services, "singer", tool=tool)

    [said] = [each for each in after.differences if each not in before.differences]
    assert (said.code, said.values) == ("elsewhere.guided_everywhere", {"count": 8})


def test_a_tool_or_scene_that_is_not_there_is_named(services):
    for changes in ({"tool": "dalle"}, {"tool": "a1111", "scene": "s99"}):
        with pytest.raises(ChooseAnother):
            flows.elsewhere.take_elsewhere(services, "singer", **changes)


def test_a_renamed_lora_keeps_its_alpha_and_is_called_as_its_file_in_the_bundle(tmp_path):
    services = ready_services(tmp_path / "studio")
    slug = ready_story(services, kolors_lora(tmp_path / "ink.safetensors"))
    flows.loras.rename(services, LORA, "水墨 v2")
    opened = flows.panels.open_story(services, slug)
    (stem,) = {lora.stem for lora in flows.export.plan(services, opened).loras}

    made = flows.elsewhere.take_elsewhere(services, opened, tool="comfyui-kijai-api")

    nodes = json.loads(made.content).values()
    (lora,) = [node["inputs"] for node in nodes if node["class_type"] == "LoadKolorsLoRA"]
    assert (lora["lora_path"], lora["lora_alpha"]) == (f"models/loras/{stem}.ckpt", 0.5)
    assert "elsewhere.alpha_unknown" not in {each.code for each in made.differences}
