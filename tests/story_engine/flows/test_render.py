import pytest

from story_engine.domain.resolve import resolve
from story_engine.domain.story import LoraUse, Settings
from story_engine.errors import ChooseAnother, FixInput, InvalidInput, StandInNeeded
from story_engine.flows.render import painting_family, plan_controls, plan_redo, plan_render, with_settings
from tests.builders import FAMILIES, KOLORS, PREVIEW, a_kolors_story, a_scene, a_story, a_take

READY = {"preview": True, "kolors": False}


def takes_of(story, scene_id, numbers):
    scene = story.scene(scene_id)
    recipes = [resolve(story, scene, number, family=PREVIEW, loras={}) for number in numbers]
    return [a_take(recipe, scene=scene_id, number=number) for number, recipe in zip(numbers, recipes, strict=True)]


def planned(story, *, takes=1, existing=None):
    scenes = [scene.id for scene in story.scenes]
    return plan_render(story, scenes, takes=takes, family=PREVIEW, lora_hashes={}, existing=existing or {})


def redone(story, existing, *, takes=1):
    return plan_redo(story, "s1", takes=takes, family=PREVIEW, lora_hashes={}, existing=existing, chosen=None)


def test_what_exists_is_found_and_the_rest_is_planned():
    story = a_story(count=3)

    plan = planned(story, takes=2, existing={"s1": takes_of(story, "s1", [0, 1]), "s2": takes_of(story, "s2", [0])})

    assert plan.found == 3
    assert [(item.scene, item.number) for item in plan.items] == [("s2", 1), ("s3", 0), ("s3", 1)]


def test_the_same_request_has_the_same_key():
    story = a_story(count=2)

    assert planned(story).key("x") == planned(story).key("x") != planned(story, takes=2).key("x")


def test_a_pinned_scene_is_painted_with_its_own_seed_only():
    story = a_story(a_scene(1, seed=7, pinned=True))

    assert [item.recipe.seed for item in planned(story, takes=4).items] == [7]


def test_redo_counts_on_from_the_seeds_that_exist():
    story = a_story(count=1)

    plan = redone(story, takes_of(story, "s1", [0, 1, 3]), takes=2)

    assert [item.recipe.seed for item in plan.items] == [2, 4]


def test_redo_after_a_changed_prompt_starts_at_the_scene_s_seed_again():
    before = a_story(count=1)
    after = a_story(a_scene(1, prompt="a panda"))

    plan = redone(after, takes_of(before, "s1", [0, 1]))

    assert [item.recipe.seed for item in plan.items] == [0]


def test_redo_of_a_pinned_and_painted_scene_says_what_to_do():
    story = a_story(a_scene(1, pinned=True, seed=3))

    with pytest.raises(FixInput, match="Unpin"):
        redone(story, takes_of(story, "s1", [0]))


def test_seeds_wrap_at_32_bits():
    story = a_story(a_scene(1, seed=2**32 - 1))

    assert [item.recipe.seed for item in planned(story, takes=2).items] == [2**32 - 1, 0]


@pytest.mark.parametrize("takes", [0, -1, 65])
def test_a_silly_number_of_takes_is_refused_with_the_limit(takes):
    with pytest.raises(FixInput, match="1 to 64"):
        planned(a_story(count=1), takes=takes)


def test_a_scene_without_words_is_refused_by_name():
    with pytest.raises(FixInput, match="no prompt yet"):
        planned(a_story(a_scene(1, prompt="  ")))


def test_a_kolors_story_asks_before_the_preview_model_stands_in():
    with pytest.raises(StandInNeeded):
        painting_family(a_kolors_story(), FAMILIES, READY)

    assert painting_family(a_kolors_story(stand_in="preview"), FAMILIES, READY) is PREVIEW


def test_kolors_paints_its_own_story_where_its_weights_are():
    ready = {"preview": True, "kolors": True}

    assert painting_family(a_kolors_story(stand_in="preview"), FAMILIES, ready) is KOLORS


def test_an_unknown_family_is_named_with_the_known_ones():
    with pytest.raises(ChooseAnother, match="preview, kolors"):
        painting_family(a_story(settings=Settings(family="sdxl")), FAMILIES, READY)


def test_overrides_hold_for_one_request_and_another_family_blanks_the_rest():
    story = a_kolors_story(steps=50, width=1024, height=1024, cfg_scale=4.0)

    changed = with_settings(story, {"family": "preview", "steps": 5}).settings

    assert (changed.family, changed.steps, changed.width) == ("preview", 5, None)
    assert story.settings.steps == 50


def test_an_override_is_checked_like_the_story_itself():
    with pytest.raises(InvalidInput, match="steps"):
        with_settings(a_story(), {"steps": 0})


def test_a_stand_in_paints_without_the_loras_of_the_other_model():
    story = a_kolors_story(stand_in="preview").model_copy(update={"loras": (LoraUse(name="ink"),)})

    plan = planned(story)

    assert all(item.recipe.loras == () for item in plan.items)


INK, OIL = LoraUse(name="ink", strength=0.5), LoraUse(name="oil")
HASHES = {"ink": "1" * 64, "oil": "2" * 64}


def controls(story, *, takes=1, existing=None, shown=None):
    scenes = [scene.id for scene in story.scenes]
    return plan_controls(story, scenes, takes=takes, family=PREVIEW, existing=existing or {}, shown=shown or {})


def test_controls_are_the_same_scenes_and_seeds_without_any_lora():
    story = a_story(a_scene(1, seed=5), a_scene(2, seed=9, loras=(OIL,)), loras=(INK,))
    scenes = ["s1", "s2"]
    used = plan_render(story, scenes, takes=2, family=PREVIEW, lora_hashes=HASHES, existing={})

    plan = controls(story, takes=2)

    assert [(item.scene, item.recipe.seed, item.number) for item in plan.items] == [
        (item.scene, item.recipe.seed, item.number) for item in used.items
    ]
    assert all(item.recipe.loras for item in used.items)
    assert [item.recipe for item in plan.items] == [item.recipe.model_copy(update={"loras": ()}) for item in used.items]


def test_a_control_has_the_seed_of_the_take_that_is_shown():
    story = a_story(a_scene(1, seed=5), loras=(INK,))
    third = a_take(resolve(story, story.scenes[0], 2, family=PREVIEW, loras=HASHES), number=2)

    (item,) = controls(story, shown={"s1": third}).items

    assert (item.recipe.seed, item.number) == (7, 2)
    assert item.recipe == third.recipe.model_copy(update={"loras": ()})


def test_a_control_has_the_seed_that_the_shown_take_had_before_the_dice_rolled():
    story = a_story(a_scene(1, seed=5), loras=(INK,))
    shown = a_take(resolve(story, story.scenes[0], 1, family=PREVIEW, loras=HASHES), number=1)
    rolled = a_story(a_scene(1, seed=4_000_000_000), loras=(INK,))

    (item,) = controls(rolled, shown={"s1": shown}).items

    assert (item.recipe.seed, item.number) == (6, 1)


def test_a_control_that_exists_is_found():
    story = a_story(a_scene(1), loras=(INK,))
    control = a_take(controls(story).items[0].recipe)

    plan = controls(story, existing={"s1": [control]})

    assert (plan.items, plan.found) == ((), 1)


def test_a_stand_in_leaves_the_loras_of_single_scenes_out_too():
    story = a_story(a_scene(1, loras=(OIL,)), settings=Settings(family="kolors", stand_in="preview"))

    assert [item.recipe.loras for item in planned(story).items] == [()]
