import io
import json

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.control import ControlPart, ControlUse
from story_engine.domain.edit import Edit
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


def held_to(*pictures: str):
    kinds = ("edges", "likeness")
    parts = [
        ControlPart(kind=kind, picture=picture, weights_hash="f" * 16, weight=0.6, begin=0.1, end=0.8)
        for kind, picture in zip(kinds, pictures, strict=False)
    ]
    return a_recipe(prompt="ink, a red fox", controls=tuple(parts))


@pytest.mark.parametrize("key", ["story_studio", "parameters"])
def test_our_own_take_gives_back_the_control_pictures_that_are_here_and_says_which_are_not(services, slug, key):
    lines = services.references.keep(Image.new("RGB", (256, 256), "white"))
    texts = picture_texts(held_to(lines, "a" * 64), story="s", scene="s1", made_with={})

    found = flows.recall.read(services, slug, "s1", name="take.png", content=a_picture(**{key: texts[key]}))
    before = flows.recall.take_over(services, slug, "s1", found, {"controls"})

    [use] = services.stories.load(slug).scene("s1").controls
    assert (use.kind, use.picture, use.weight, use.begin, use.end) == ("edges", lines, 0.6, 0.1, 0.8)
    assert [(each.code, each.values["kind"]) for each in found.notes] == [("imports.control_missing", "likeness")]
    assert services.stories.go_back_to(slug, before).scene("s1").controls == ()


def test_our_own_take_that_was_held_to_nothing_frees_the_scene_and_another_tools_picture_says_nothing_of_it(
    services, slug
):
    lines = services.references.keep(Image.new("RGB", (256, 256), "white"))
    use = ControlUse(kind="edges", picture=lines)
    services.stories.edit(slug, [Edit(scene="s1", field="controls", value=(use,), seen=())])
    texts = picture_texts(held_to(), story="s", scene="s1", made_with={})

    found = flows.recall.read(services, slug, "s1", name="take.png", content=a_picture(**texts))
    other = flows.recall.read(services, slug, "s1", name="fox.png", content=a_picture(parameters=PARAMETERS))
    flows.recall.take_over(services, slug, "s1", found, {"controls"})

    assert (found.values["controls"], found.present["controls"]) == ((), (use,)) and "controls" not in other.values
    assert services.stories.load(slug).scene("s1").controls == ()


@pytest.mark.parametrize("change", [{"kind": "smell"}, {"picture": "../../x"}, {"weight": 9}, {"end": "much"}, {}])
def test_control_pictures_that_no_scene_can_have_are_left_out(services, slug, change):
    lines = services.references.keep(Image.new("RGB", (256, 256), "white"))
    own = json.loads(picture_texts(held_to(lines), story="s", scene="s1", made_with={})["story_studio"])
    own["recipe"]["controls"][0] |= change

    found = flows.recall.read(services, slug, "s1", name="take.png", content=a_picture(story_studio=json.dumps(own)))

    assert len(found.values["controls"]) == (not change)


def test_a_story_that_begins_with_a_held_picture_is_held_alike(services, slug):
    lines = services.references.keep(Image.new("RGB", (256, 256), "white"))
    texts = picture_texts(held_to(lines), story="s", scene="s1", made_with={})
    pictures, _ = flows.picture_use.read([("take.png", a_picture(**texts))])

    made = flows.picture_use.start_story(services, pictures, title="Fox")

    scenes = services.stories.load(made).scenes
    assert [use.picture for use in scenes[0].controls] == [lines] and not scenes[1].controls


def test_a_picture_that_says_nothing_is_refused_by_name(services, slug):
    with pytest.raises(FixInput, match=r"plain\.png"):
        flows.recall.read(services, slug, "s1", name="plain.png", content=a_picture())
