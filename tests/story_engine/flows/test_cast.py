"""This is how she looks: a take that panels are held to, written into the story and into their recipes."""

from __future__ import annotations

import pytest
from PIL import Image

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.cast import check_cast
from story_engine.domain.edit import Edit
from story_engine.domain.resolve import differing_parts, resolve
from story_engine.domain.story import Appearance, Character, Scene, Settings, Story
from story_engine.domain.take import Take
from story_engine.errors import ChooseAnother, FixInput

GIRL = Character(id="girl", name="小歌", description="一个紫色短发小女孩", outfits={"粉裙": "粉色连衣裙"})
CAT = Character(id="cat", name="咪咪", description="一只橙色的猫")
DRESSED = Appearance(character="girl", outfit="粉裙")


@pytest.fixture
def services(tmp_path, monkeypatch):
    monkeypatch.setattr("story_engine.bootstrap.start_dispatcher", lambda config: None)
    return open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))


@pytest.fixture
def slug(services):
    scenes = (
        Scene(id="s1", prompt="在海边奔跑", seed=1, characters=(DRESSED,)),
        Scene(id="s2", prompt="在教室看书，旁边是{咪咪}", seed=2, characters=(DRESSED,)),
        Scene(id="s3", prompt="在森林里", seed=3, characters=(Appearance(character="girl"),)),
        Scene(id="s4", prompt="空无一人的街道", seed=4),
    )
    return services.stories.create("小歌", Story(title="小歌", style="水彩画", characters=(GIRL, CAT), scenes=scenes))


def recipe_of(services, slug, scene, **settings):
    story = services.stories.load(slug)
    if settings:
        story = story.model_copy(update={"settings": story.settings.model_copy(update=settings)})
    return resolve(story, story.scene(scene), 0, family=services.families()["preview"], loras={})


def paint(services, slug, scene):
    made = recipe_of(services, slug, scene)
    take = Take(
        id=made.digest,
        story=slug,
        scene=scene,
        number=0,
        recipe=made,
        picture_sha256="",
        created_at="2026-11-29T09:00:00+00:00",
        seconds=1.0,
    )
    return services.takes.add(take, Image.new("RGB", (made.width, made.height), "purple"), {})


def test_panels_with_the_character_in_that_outfit_are_held_to_it_and_others_stay_as_they_were(services, slug):
    before = {scene: recipe_of(services, slug, scene) for scene in ("s1", "s2", "s3", "s4")}
    take = paint(services, slug, "s1")

    story = flows.cast.choose(services, slug, "s1", take.id, "girl")
    now = {scene: recipe_of(services, slug, scene) for scene in before}

    assert [now[scene].digest == before[scene].digest for scene in now] == [True, False, True, True]
    (part,) = now["s2"].cast
    assert part.anchor == take.recipe
    assert now["s2"].prompt[slice(*part.words)] == "一个紫色短发小女孩，粉色连衣裙"
    assert take.recipe.prompt[slice(*part.anchor_words)] == "一个紫色短发小女孩，粉色连衣裙"
    check_cast(now["s2"])
    assert differing_parts(before["s2"], now["s2"]) == ("look",)
    assert flows.cast.followers(story, story.characters[0]) == {"粉裙": (1, 2)}
    assert services.stories.load(slug) == story  # as its file has it


def test_strength_and_share_of_the_steps_are_settings_and_none_at_all_is_the_scene_as_it_was(services, slug):
    bare = recipe_of(services, slug, "s2")
    flows.cast.choose(services, slug, "s1", paint(services, slug, "s1").id, "girl")

    (usual,) = recipe_of(services, slug, "s2").cast
    (own,) = recipe_of(services, slug, "s2", cast_strength=0.5, cast_from=0.5).cast

    assert (usual.strength, own.strength) == (1.0, 0.5)
    assert usual.from_step < own.from_step == round(bare.steps / 2)
    assert recipe_of(services, slug, "s2", cast_strength=0.0).digest == bare.digest
    assert recipe_of(services, slug, "s2", cast_from=1.0).digest == bare.digest


def test_a_deleted_take_is_told_and_its_followers_are_painted_all_the_same(services, slug):
    take = paint(services, slug, "s1")
    flows.cast.choose(services, slug, "s1", take.id, "girl")
    held = recipe_of(services, slug, "s2").digest

    services.takes.delete(slug, "s1", take.id)
    (look,) = flows.cast.chosen(services, slug, services.stories.load(slug).characters[0])

    assert look.trouble == "cast.take_gone"
    assert look.picture is not None and look.picture.exists()
    assert recipe_of(services, slug, "s2").digest == held
    story = flows.cast.forget(services, slug, "girl", "粉裙")
    assert not story.characters[0].looks


def test_a_look_that_was_painted_with_other_steps_is_looked_at_as_a_picture_and_one_of_another_size_is_refused(
    services, slug
):
    take = paint(services, slug, "s1")
    flows.cast.choose(services, slug, "s1", take.id, "girl")

    longer = recipe_of(services, slug, "s2", steps=25)
    with pytest.raises(FixInput) as refused:
        recipe_of(services, slug, "s2", width=384)

    assert longer.references == (take.picture_sha256,)
    check_cast(longer)
    assert refused.value.code == "cast.other_size"


def test_a_picture_from_outside_is_cut_to_the_storys_shape_and_held_to(services, slug):
    flows.cast.choose_outside(services, slug, Image.new("RGB", (900, 300), "purple"), "girl", "粉裙")

    held = recipe_of(services, slug, "s2")

    assert [services.references.size(each) for each in held.references] == [(held.width, held.height)]
    assert recipe_of(services, slug, "s1").cast


def test_two_characters_are_held_to_two_pictures_and_an_outfits_look_goes_with_its_name(services, slug):
    flows.cast.choose(services, slug, "s1", paint(services, slug, "s1").id, "girl")
    both = paint(services, slug, "s2")
    flows.cast.choose(services, slug, "s2", both.id, "cat")

    assert recipe_of(services, slug, "s2").digest == both.id  # it looks at itself no more than before
    edit = Edit(scene=None, field="characters", part=("girl", "outfits", "粉裙", "name"), value="裙子", seen="粉裙")
    services.stories.edit(slug, [edit])
    assert list(services.stories.load(slug).characters[0].looks) == ["裙子"]
    assert [part.character for part in recipe_of(services, slug, "s2").cast] == ["girl"]


def test_a_take_without_the_characters_words_is_no_look_for_it(services, slug):
    take = paint(services, slug, "s4")
    story = services.stories.load(slug)

    assert flows.cast.shown_in(story, story.scene("s4"), take) == ()
    with pytest.raises(ChooseAnother) as refused:
        flows.cast.choose(services, slug, "s4", take.id, "girl")
    assert refused.value.code == "cast.not_in_picture"


def test_a_stand_in_uses_no_look_of_the_storys_own_family(services, slug):
    flows.cast.choose(services, slug, "s1", paint(services, slug, "s1").id, "girl")
    story = services.stories.load(slug).model_copy(update={"settings": Settings(family="kolors")})

    painted = flows.render.as_painted_by(story, services.families()["preview"])

    assert not any(character.looks for character in painted.characters)
