"""Control pictures are chosen, cut to the panel's shape, weighed, and go into recipes."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageDraw

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.control import ControlUse
from story_engine.domain.resolve import differing_parts, resolve
from story_engine.errors import ChooseAnother, FixInput


@pytest.fixture
def services(tmp_path):
    services = open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))
    flows.shelf.create(services, "cat")
    return services


@pytest.fixture
def slug(services):
    return next(iter(services.stories.slugs()))


def a_file(size=(320, 200)) -> bytes:
    picture = Image.new("RGB", size, "white")
    ImageDraw.Draw(picture).ellipse((60, 40, 260, 160), outline="black", width=4)
    content = io.BytesIO()
    picture.save(content, "JPEG")
    return content.getvalue()


def recipe_of(services, story):
    scene = story.scenes[0].model_copy(update={"prompt": "一只猫"})
    return resolve(story, scene, 0, family=services.families()["preview"], loras={})


@pytest.mark.parametrize("reading", ["picture", "drawing", "map"])
def test_an_upload_becomes_a_map_of_the_panels_shape_and_part_of_the_recipe(services, slug, reading):
    scene = services.stories.load(slug).scenes[0].id
    before = recipe_of(services, services.stories.load(slug))

    story = flows.controls.use_upload(services, slug, scene, "edges", name="o.jpg", content=a_file(), reading=reading)

    [use] = story.scenes[0].controls
    lines = services.references.picture(use.picture)
    assert (use.weight, use.begin, use.end) == (0.7, 0.0, 0.9) and lines.size == (256, 256)
    if reading != "map":
        assert lines.getpixel((128, 128)) == (0, 0, 0) and lines.convert("L").getextrema()[1] == 255
    recipe = recipe_of(services, story)
    assert recipe.references == (use.picture,) and recipe.controls[0].weights_hash
    assert differing_parts(before, recipe) == ("controls",)


def test_strokes_on_nothing_become_lines_and_a_sheet_without_any_is_refused(services, slug):
    scene = services.stories.load(slug).scenes[0].id
    sheet, content = Image.new("RGBA", (256, 256), (0, 0, 0, 0)), io.BytesIO()
    sheet.save(content, "PNG")

    with pytest.raises(FixInput) as refused:
        flows.controls.use_upload(
            services, slug, scene, "edges", name="o", content=content.getvalue(), reading="drawing"
        )
    ImageDraw.Draw(sheet).line((20, 20, 20, 200), fill="#111", width=3)
    drawn = io.BytesIO()
    sheet.save(drawn, "PNG")
    story = flows.controls.use_upload(
        services, slug, scene, "edges", name="o", content=drawn.getvalue(), reading="drawing"
    )

    assert refused.value.code == "references.nothing_drawn"
    lines = services.references.picture(story.scenes[0].controls[0].picture).convert("L")
    assert (lines.getpixel((20, 100)), lines.getpixel((120, 100))) == (255, 0)


def test_weight_and_range_change_and_weight_zero_is_the_picture_without(services, slug):
    scene = services.stories.load(slug).scenes[0].id
    bare = recipe_of(services, services.stories.load(slug))
    flows.controls.use_upload(services, slug, scene, "edges", name="o.jpg", content=a_file())

    story = flows.controls.change(services, slug, scene, "edges", weight=1.2, begin=0.1, end=0.5)
    assert recipe_of(services, story).controls[0].model_dump(include={"weight", "begin", "end"}) == {
        "weight": 1.2,
        "begin": 0.1,
        "end": 0.5,
    }
    story = flows.controls.change(services, slug, scene, "edges", weight=0.0)
    assert recipe_of(services, story).digest == bare.digest
    with pytest.raises(FixInput, match="range"):
        recipe_of(services, flows.controls.change(services, slug, scene, "edges", weight=1.0, begin=0.6))
    assert flows.controls.remove(services, slug, scene, "edges").scenes[0].controls == ()
    with pytest.raises(ChooseAnother):
        flows.controls.change(services, slug, scene, "edges", weight=1.0)


def test_what_the_family_has_no_adapter_for_is_said_before_and_after(services, slug):
    scene = services.stories.load(slug).scenes[0].id
    states = {offer.kind: offer.state for offer in flows.controls.offers(services.families()["preview"])}
    kolors = {offer.kind: offer for offer in flows.controls.offers(services.families()["kolors"])}
    assert states == {"edges": "ready", "depth": "none", "pose": "none", "likeness": "none"}
    assert kolors["depth"].state == "missing" and kolors["depth"].package == "kolors-depth"

    story = flows.controls.use_upload(services, slug, scene, "depth", name="d", content=a_file(), reading="map")
    with pytest.raises(ChooseAnother, match=r"Preview.*depth"):
        recipe_of(services, story)
    with pytest.raises(FixInput, match="map"):
        flows.controls.use_upload(services, slug, scene, "pose", name="d", content=a_file())


def test_another_panels_lines_need_a_picture_there(services, slug):
    first, second = (scene.id for scene in services.stories.load(slug).scenes[:2])

    with pytest.raises(ChooseAnother, match="2"):
        flows.controls.use_panel(services, slug, first, "edges", second)


def test_a_story_file_keeps_its_controls_and_says_what_is_wrong_with_them(services, slug):
    scene = services.stories.load(slug).scenes[0].id
    flows.controls.use_upload(services, slug, scene, "edges", name="o.jpg", content=a_file())
    path = services.layout.stories / f"{slug}.yaml"
    text = path.read_text()
    assert "controls:" in text and services.stories.load(slug).scenes[0].controls[0].kind == "edges"

    with pytest.raises(FixInput):
        ControlUse(kind="edges", picture="x" * 64)
        path.write_text(text.replace("kind: edges", "kind: egdes"))
        services.stories.load(slug)
