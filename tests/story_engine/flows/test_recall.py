import io

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.guidance import EVERYWHERE
from story_engine.errors import FixInput
from story_engine.formats.infotext import picture_texts
from tests.builders import a_recipe, a_scene, a_story


@pytest.fixture
def services(tmp_path):
    return open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))


@pytest.fixture
def slug(services):
    story = a_story(a_scene(1, prompt="a cat", negative="", seed=0), a_scene(2), style="ink", negative="blurry")
    return services.stories.create("Cats", story)


def a_picture(**texts: str) -> bytes:
    packed, info = io.BytesIO(), PngInfo()
    for key, text in texts.items():
        info.add_itxt(key, text)
    Image.new("RGB", (64, 64)).save(packed, "PNG", pnginfo=info)
    return packed.getvalue()


PARAMETERS = (
    "ink, a red fox\nNegative prompt: blurry, hands\n"
    "Steps: 30, Sampler: Euler, CFG scale: 6.5, Seed: 42, Size: 1024x768, Model: sdxl"
)


def test_a_picture_says_its_settings_beside_those_of_the_scene(services, slug):
    found = flows.recall.read(services, slug, "s1", name="fox.png", content=a_picture(parameters=PARAMETERS))

    assert found.values == {
        "prompt": "a red fox",
        "negative": "hands",
        "seed": 42,
        "sampler": "euler",
        "steps": 30,
        "cfg_scale": 6.5,
        "size": "1024x768",
    }
    assert found.present["prompt"] == "a cat" and found.present["steps"] is None


def test_only_what_is_wanted_is_taken_over_and_one_undo_brings_it_back(services, slug):
    found = flows.recall.read(services, slug, "s1", name="fox.png", content=a_picture(parameters=PARAMETERS))

    before = flows.recall.take_over(services, slug, "s1", found, {"prompt", "seed", "size"})

    story = services.stories.load(slug)
    scene = story.scenes[0]
    assert (scene.prompt, scene.negative, scene.seed) == ("a red fox", "", 42)
    assert (story.settings.width, story.settings.height, story.settings.steps) == (1024, 768, None)
    assert services.stories.go_back_to(slug, before).scenes[0].prompt == "a cat"


def test_our_own_take_gives_back_its_recipe(services, slug):
    recipe = a_recipe(prompt="ink, a red fox", negative="blurry", seed=9, steps=12)
    texts = picture_texts(recipe, story="s", scene="s1", made_with={})

    found = flows.recall.read(services, slug, "s1", name="take.png", content=a_picture(**texts))

    assert (found.values["prompt"], found.values["negative"]) == ("a red fox", "")
    assert (found.values["seed"], found.values["steps"], found.values["sampler"]) == (9, 12, recipe.sampler)


@pytest.mark.parametrize("key", ["story_studio", "parameters"])
def test_our_own_take_gives_back_the_levels_at_which_it_was_guided(services, slug, key):
    recipe = a_recipe(steps=12, guidance_above=0.3, negative_below=1.0)
    texts = picture_texts(recipe, story="s", scene="s1", made_with={})

    found = flows.recall.read(services, slug, "s1", name="take.png", content=a_picture(**{key: texts[key]}))
    flows.recall.take_over(services, slug, "s1", found, {"guidance", "steps"})

    assert found.values["guidance"] == recipe.guidance and found.present["guidance"] == EVERYWHERE
    settings = services.stories.load(slug).settings
    assert (settings.guidance, settings.steps) == ("by_noise", 12)
    assert (settings.guidance_above, settings.guidance_below, settings.negative_below) == (0.3, 30.0, 1.0)


def test_a_picture_that_says_nothing_is_refused_by_name(services, slug):
    with pytest.raises(FixInput, match=r"plain\.png"):
        flows.recall.read(services, slug, "s1", name="plain.png", content=a_picture())
