"""This is how she looks: a take that panels are held to, written into the story and into their recipes."""

from __future__ import annotations

import io

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

    usually = services.families()["preview"].cast_strength
    assert usually > 1 and (usual.strength, own.strength) == (usually, usually / 2)
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


def bytes_of(picture, kind="PNG", **options):
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


def from_outside(services, slug, picture, kind="PNG", outfit="粉裙", **options):
    content = bytes_of(picture, kind, **options)
    found = flows.cast.choose_outside(services, slug, "girl", outfit, name=f"her.{kind}", content=content)
    with Image.open(services.references.path(found.story.characters[0].looks[outfit].picture)) as kept:
        return found, kept.convert("RGB")


def test_a_picture_from_outside_is_cut_to_the_storys_shape_and_held_to(services, slug):
    found, _ = from_outside(services, slug, Image.new("RGB", (900, 300), "purple"))

    held = recipe_of(services, slug, "s2")

    assert [services.references.size(each) for each in held.references] == [(held.width, held.height)]
    assert recipe_of(services, slug, "s1").cast and not found.is_enlarged
    assert from_outside(services, slug, Image.new("RGB", (200, 900)))[0].is_enlarged


def test_a_picture_from_outside_is_upright_opaque_and_in_colours_that_a_screen_has(services, slug):
    turned = Image.new("RGB", (400, 300), "blue")
    turned.paste("red", (0, 0, 200, 300))  # the left half: the upper one, once a quarter of a turn is made
    exif = Image.Exif()
    exif[0x0112] = 6

    _, upright = from_outside(services, slug, turned, "JPEG", exif=exif, quality=100)
    _, printed = from_outside(services, slug, Image.new("CMYK", (300, 300), (0, 255, 255, 0)), "TIFF")
    _, opaque = from_outside(services, slug, Image.new("RGBA", (300, 300), (0, 0, 0, 0)))

    top, bottom = upright.getpixel((128, 20)), upright.getpixel((128, 240))
    assert top[0] > 200 > top[2] and bottom[2] > 200 > bottom[0]
    assert printed.getpixel((9, 9))[0] > 200 > printed.getpixel((9, 9))[1]
    assert opaque.getpixel((9, 9)) == (255, 255, 255)


def test_of_a_tall_picture_from_outside_the_upper_part_is_kept(services, slug):
    tall = Image.new("RGB", (300, 600), "blue")
    tall.paste("red", (0, 0, 300, 160))  # where a face is

    _, kept = from_outside(services, slug, tall)

    assert kept.getpixel((128, 20)) == (255, 0, 0)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"not a picture", "dataset.picture_unknown"),
        (bytes_of(Image.new("1", (7000, 6000))), "dataset.picture_pixels"),
        (bytes_of(Image.new("L", (8, 300))), "dataset.picture_tiny"),
        (
            bytes_of(Image.new("L", (90, 90)), "GIF", save_all=True, append_images=[Image.new("L", (90, 90), 200)]),
            "dataset.picture_animated",
        ),
        (bytes_of(Image.effect_noise((90, 90), 50))[:-900], "dataset.picture_damaged"),
    ],
    ids=["no picture", "huge", "tiny", "animated", "cut off"],
)
def test_a_file_that_is_no_look_says_why_and_changes_nothing(services, slug, content, code):
    before = services.stories.load(slug)

    with pytest.raises(FixInput) as refused:
        flows.cast.choose_outside(services, slug, "girl", "", name="her.png", content=content)

    assert refused.value.code == code and "her.png" in str(refused.value)
    assert services.stories.load(slug) == before


def test_a_picture_from_outside_is_of_the_family_that_the_story_is_written_for(services, slug):
    story = services.stories.load(slug)
    edit = Edit(scene=None, field="settings", value=Settings(family="kolors", stand_in="preview"), seen=story.settings)
    services.stories.edit(slug, [edit])

    _, kept = from_outside(services, slug, Image.new("RGB", (900, 900), "purple"), outfit="")

    assert kept.size == (1024, 1024)
    with pytest.raises(ChooseAnother, match="has no outfit"):
        from_outside(services, slug, Image.new("RGB", (900, 900)), outfit="no such")


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
