"""What the model is really sent."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from story_engine.config import PROJECT_FOLDER
from story_engine.domain.composing import compose_negative, compose_prompt, join
from story_engine.domain.family import Family, GuidanceByNoise
from story_engine.domain.guidance import EVERYWHERE, Guidance
from story_engine.domain.resolve import differing_parts, guidance_settings, resolve, same_but_seed
from story_engine.domain.story import Appearance, Character, LoraUse, Settings
from story_engine.errors import ChooseAnother, FixInput
from story_engine.store.story_text import read_story
from tests.builders import KOLORS, PREVIEW, a_scene, a_story

CHALLENGE = json.loads((Path(__file__).parents[2] / "challenge" / "prompts.json").read_text(encoding="utf-8"))
KITTEN = Character(id="kitten", description="an orange kitten", outfits={"rain": "in a yellow raincoat"})
LEVELS = Guidance(guidance_above=0.3, negative_below=1.0)


def guided(*, is_usual: bool) -> Family:
    """The preview model, guided by noise level where it is asked for."""
    fields = PREVIEW.model_dump(exclude={"safe_learning_rate"})
    return Family(**fields | {"by_noise": GuidanceByNoise(levels=LEVELS, steps=12, is_usual=is_usual)})


BY_NOISE, OFFERED = guided(is_usual=True), guided(is_usual=False)
GIRL = Character(id="girl", description="紫色短发小女孩", outfits={"stage": "黑色礼服"})


def prompt_of(scene, **changes) -> str:
    return compose_prompt(a_story(scene, **changes), scene)


@pytest.mark.parametrize("slug", ["singer", "orange-cat"])
def test_the_challenges_prompts_are_composed_word_for_word(slug):
    story = read_story((PROJECT_FOLDER / "stories" / f"{slug}.yaml").read_bytes(), file=slug)

    for scene, given_scene in zip(story.scenes, CHALLENGE[slug], strict=True):
        recipe = resolve(story, scene, 0, family=KOLORS, loras={})
        assert recipe.prompt == given_scene["prompt"]
        assert recipe.negative == given_scene["negative"]
        assert recipe.seed == given_scene.get("seed", recipe.seed)
        assert scene.title == given_scene.get("title", scene.title)
        assert (recipe.sampler, recipe.steps, recipe.cfg_scale, recipe.noise) == ("ddim", 50, 4.0, "cpu")
        assert (recipe.width, recipe.height, recipe.family) == (1024, 1024, "kolors")


def test_style_and_characters_stand_in_front():
    scene = a_scene(prompt="sits on a sofa", characters=(Appearance(character="kitten", outfit="rain"),))

    assert prompt_of(scene, style="crayon", characters=(KITTEN,)) == (
        "crayon, an orange kitten, in a yellow raincoat, sits on a sofa"
    )


def test_chinese_text_is_joined_with_chinese_commas():
    scene = a_scene(prompt="在台上唱歌", characters=(Appearance(character="girl", outfit="stage"),))

    assert prompt_of(scene, style="二次元", characters=(GIRL,)) == "二次元，紫色短发小女孩，黑色礼服，在台上唱歌"


def test_an_author_who_writes_half_width_commas_gets_them():
    assert prompt_of(a_scene(prompt="一只猫,坐着"), style="水墨画") == "水墨画,一只猫,坐着"


def test_a_few_chinese_words_do_not_make_a_text_chinese():
    assert prompt_of(a_scene(prompt='a big sign that says "猫"'), style="ink") == 'ink, a big sign that says "猫"'


def test_a_character_in_braces_is_replaced_where_it_stands():
    scene = a_scene(prompt="{kitten} in front of {what} and {girl}", characters=(Appearance(character="kitten"),))

    assert prompt_of(scene, style="ink", characters=(KITTEN, GIRL)) == (
        "ink, an orange kitten in front of {what} and 紫色短发小女孩"
    )


def test_words_of_a_character_are_not_replaced_again():
    odd = Character(id="a", description="says {kitten}")

    assert prompt_of(a_scene(prompt="{a}"), characters=(odd, KITTEN)) == "says {kitten}"


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        (["水墨画，", "，一只猫"], "水墨画，一只猫"),
        (["水墨画。", "一只猫"], "水墨画。一只猫"),
        (["", "  ", "，", "猫"], "猫"),
        (["猫，"], "猫，"),
        (["a\n", "b"], "a，b"),
        ([], ""),
    ],
)
def test_seams_have_one_separator(parts, whole):
    assert join(parts, "，") == whole


@given(st.lists(st.text(alphabet="ab ,，、", max_size=5), max_size=5))
def test_seams_never_double_a_separator(parts):
    inner = [part.strip(" ,，、") for part in parts]
    expected = ", ".join(part for part in inner if part)

    assert join(parts, ", ").strip(" ,，、") == join(inner, ", ").strip(" ,，、") == expected


def test_negatives_are_shared_words_and_the_scenes_own():
    scene = a_scene(negative="text")

    assert compose_negative(a_story(scene, negative="blurry"), scene) == "blurry, text"
    assert compose_negative(a_story(scene), scene) == "text"


def test_blank_settings_come_from_the_family():
    story = a_story(settings=Settings(family="preview", steps=7))

    recipe = resolve(story, story.scenes[0], 0, family=PREVIEW, loras={})

    assert (recipe.steps, recipe.sampler, recipe.width) == (7, PREVIEW.sampler, PREVIEW.width)


def test_a_stand_in_paints_with_its_own_settings():
    story = a_story(settings=Settings(family="kolors", steps=50, sampler="ddim", width=1024, height=512, cfg_scale=9))

    recipe = resolve(story, story.scenes[0], 0, family=PREVIEW, loras={})

    assert (recipe.steps, recipe.sampler, recipe.cfg_scale) == (PREVIEW.steps, PREVIEW.sampler, PREVIEW.cfg_scale)
    assert (recipe.width, recipe.height, recipe.family) == (PREVIEW.width, PREVIEW.height, "preview")


def test_further_takes_count_on_and_wrap_around():
    story = a_story(a_scene(seed=2**32 - 1))

    assert resolve(story, story.scenes[0], 2, family=PREVIEW, loras={}).seed == 1


def test_noise_of_the_device_names_its_type():
    story = a_story(settings=Settings(noise="device"))

    assert resolve(story, story.scenes[0], 0, family=PREVIEW, loras={}, device="cuda").noise == "device:cuda"


def test_loras_come_with_their_content():
    story = a_story(loras=(LoraUse(name="ink", strength=0.5), LoraUse(name="off", strength=0)))

    recipe = resolve(story, story.scenes[0], 0, family=PREVIEW, loras={"ink": "1" * 64, "off": "2" * 64})

    assert [(part.name, part.sha256, part.strength) for part in recipe.loras] == [("ink", "1" * 64, 0.5)]


def test_a_lora_that_is_not_in_the_library_is_named():
    story = a_story(loras=(LoraUse(name="kai"),))

    with pytest.raises(ChooseAnother, match='"kai" is not in the library'):
        resolve(story, story.scenes[0], 0, family=PREVIEW, loras={"ink": "1" * 64})


def test_a_size_that_the_family_cannot_paint_is_refused():
    story = a_story(settings=Settings(width=2048))

    with pytest.raises(FixInput, match="2048 × 256"):
        resolve(story, story.scenes[0], 0, family=PREVIEW, loras={})


def test_recipes_that_differ_in_the_seed_alone():
    story = a_story(a_scene(seed=1))
    first, second = (resolve(story, story.scenes[0], number, family=PREVIEW, loras={}) for number in (0, 1))

    assert same_but_seed(first, second)
    assert not same_but_seed(first, second.model_copy(update={"steps": 3}))


def test_an_edit_of_another_scene_changes_no_picture():
    scene = a_scene(1, prompt="一只猫")
    before = a_story(scene, a_scene(2, prompt="狗，坐着"), style="水墨画")
    after = a_story(scene, a_scene(2, prompt="狗,坐着"), style="水墨画")

    assert compose_prompt(before, scene) == compose_prompt(after, scene)


@pytest.mark.parametrize(
    ("own", "used"),
    [
        (None, [("ink", 0.5)]),
        ((), []),
        ((LoraUse(name="oil"),), [("oil", 1.0)]),
        ((LoraUse(name="ink", strength=1.5), LoraUse(name="oil", strength=0)), [("ink", 1.5)]),
    ],
)
def test_a_scene_uses_the_storys_loras_unless_it_says_otherwise(own, used):
    story = a_story(a_scene(loras=own), loras=(LoraUse(name="ink", strength=0.5),))

    recipe = resolve(story, story.scenes[0], 0, family=PREVIEW, loras={"ink": "1" * 64, "oil": "2" * 64})

    assert [(part.name, part.strength) for part in recipe.loras] == used


def test_a_scene_with_loras_of_its_own_does_not_need_those_of_the_story():
    story = a_story(a_scene(1, loras=()), a_scene(2), loras=(LoraUse(name="gone"),))

    assert resolve(story, story.scenes[0], 0, family=PREVIEW, loras={}).loras == ()
    with pytest.raises(ChooseAnother, match="gone"):
        resolve(story, story.scenes[1], 0, family=PREVIEW, loras={})


def test_a_scene_that_says_what_the_story_says_is_the_same_picture():
    ink = (LoraUse(name="ink"),)
    story = a_story(a_scene(1), a_scene(1, loras=ink), loras=ink)

    first, second = (resolve(story, scene, 0, family=PREVIEW, loras={"ink": "1" * 64}) for scene in story.scenes)

    assert first.digest == second.digest


def test_takes_painted_before_scenes_had_loras_of_their_own_keep_their_names():
    """Written down before that: a change here means that all pictures would be painted again."""
    plain, used = a_story(), a_story(loras=(LoraUse(name="ink", strength=0.5),))

    first = resolve(plain, plain.scenes[0], 0, family=PREVIEW, loras={})
    second = resolve(used, used.scenes[0], 0, family=PREVIEW, loras={"ink": "1" * 64})

    assert (first.digest, second.digest) == (
        "764d203d891a57ddb4eace68db586f25",
        "438eb7da750ce9a3b68d76f9d9e06da0",
    )


def test_a_story_without_loras_has_none_in_any_scene():
    story = a_story(a_scene(1, loras=(LoraUse(name="oil"),)), a_scene(2), loras=(LoraUse(name="ink"),))

    bare = story.without_loras()

    assert [bare.loras_of(scene) for scene in bare.scenes] == [(), ()]
    assert bare.scene("s1").prompt == story.scene("s1").prompt


@pytest.mark.parametrize(
    ("family", "guidance", "levels", "steps"),
    [
        (BY_NOISE, None, EVERYWHERE, 20),  # stories of before there was a choice
        (BY_NOISE, "usual", LEVELS, 12),
        (BY_NOISE, "by_noise", LEVELS, 12),
        (BY_NOISE, "constant", EVERYWHERE, 20),
        (OFFERED, "usual", EVERYWHERE, 20),
        (OFFERED, "by_noise", LEVELS, 12),
        (PREVIEW, "by_noise", EVERYWHERE, 20),  # a family that knows none
    ],
)
def test_guidance_by_noise_level_is_what_story_and_family_make_of_it(family, guidance, levels, steps):
    story = a_story(settings=Settings(guidance=guidance))

    recipe = resolve(story, story.scenes[0], 0, family=family, loras={})

    assert (recipe.guidance, recipe.steps) == (levels, steps)


def test_levels_and_steps_of_the_author_go_before_the_familys():
    story = a_story(settings=Settings(guidance="by_noise", steps=9, guidance_below=20, negative_below=30))

    recipe = resolve(story, story.scenes[0], 0, family=BY_NOISE, loras={})

    assert recipe.guidance == Guidance(guidance_above=0.3, guidance_below=20) and recipe.steps == 9


def test_levels_with_nothing_between_are_refused_with_both():
    story = a_story(settings=Settings(guidance="by_noise", guidance_below=0.2))

    with pytest.raises(FixInput, match=r"above noise level 0\.3 and up to 0\.2"):
        resolve(story, story.scenes[0], 0, family=BY_NOISE, loras={})


@pytest.mark.parametrize(("guidance", "steps"), [(None, 20), ("constant", 12), ("usual", 12)])
def test_a_stand_in_is_guided_as_it_usually_is_unless_the_story_is_older_than_that(guidance, steps):
    story = a_story(settings=Settings(family="kolors", guidance=guidance, guidance_below=5.0))

    recipe = resolve(story, story.scenes[0], 0, family=BY_NOISE, loras={})

    assert (recipe.steps, recipe.guidance) == (steps, EVERYWHERE if guidance is None else LEVELS)


def test_a_picture_of_before_there_were_levels_is_not_outdated():
    story = a_story()
    recipe = resolve(story, story.scenes[0], 0, family=PREVIEW, loras={})

    assert resolve(story, story.scenes[0], 0, family=BY_NOISE, loras={}).digest == recipe.digest
    turned_on = story.model_copy(update={"settings": Settings(guidance="by_noise", steps=20)})
    assert differing_parts(recipe, resolve(turned_on, story.scenes[0], 0, family=BY_NOISE, loras={})) == ("settings",)


@pytest.mark.parametrize("before", [Settings(), Settings(guidance="usual"), Settings(guidance="by_noise", steps=3)])
@pytest.mark.parametrize("wanted", [EVERYWHERE, LEVELS, Guidance(guidance_below=9.0, negative_below=0.0)])
def test_the_settings_of_a_picture_give_its_guidance_again(before, wanted):
    after = before.model_copy(update=guidance_settings(before, BY_NOISE, wanted))

    story = a_story(settings=after)
    assert resolve(story, story.scenes[0], 0, family=BY_NOISE, loras={}).guidance == wanted
