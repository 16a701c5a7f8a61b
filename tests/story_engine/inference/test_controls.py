"""Pictures that a recipe is held to: by the preview model's own ControlNet for lines."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from story_engine.catalog.families import families
from story_engine.domain.control import ControlPart
from story_engine.domain.recipe import Recipe
from story_engine.errors import ChooseAnother, FixInput
from story_engine.formats.edges import edges_of
from story_engine.formats.infotext import infotext
from story_engine.inference.render import Renderer
from story_engine.store.layout import Layout
from story_engine.store.references import ReferenceStore
from tests.story_engine.inference.small_preview import recipe


@pytest.fixture(scope="module")
def layout(tmp_path_factory) -> Layout:
    folder = tmp_path_factory.mktemp("studio")
    layout = Layout(folder / "workspace", folder / "stories")
    layout.workspace.mkdir()
    return layout


@pytest.fixture(scope="module")
def renderer(layout) -> Renderer:
    return Renderer(layout, threads=1)


def a_cat() -> Image.Image:
    """Left of the middle, under a large sun on the right."""
    picture = Image.new("RGB", (256, 256), "#9cd0f0")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 190, 256, 256), fill="#70a050")
    draw.ellipse((165, 20, 235, 90), fill="#f0d040")
    draw.polygon([(40, 100), (55, 50), (80, 85), (105, 50), (120, 100)], fill="#d08030")
    draw.ellipse((35, 70, 125, 160), fill="#d08030")
    draw.ellipse((45, 140, 115, 230), fill="#d08030")
    return picture


def a_recipe(layout, **changes) -> Recipe:
    words = {"prompt": "一只橙色的猫，在森林里，全身", "negative": "", "seed": 5}
    return recipe(layout, **(words | {"sampler": "dpmpp_2m_karras", "steps": 6} | changes))


def lines_of(layout, picture: Image.Image, **changes) -> ControlPart:
    known = families(layout)["preview"].controls["edges"]
    fields = {"kind": "edges", "picture": ReferenceStore(layout).keep(picture), "weights_hash": known, "weight": 1.0}
    return ControlPart(**(fields | changes))


def share_of_lines_drawn(wanted: Image.Image, painted: Image.Image) -> float:
    """How many of the wanted lines have a painted one within two pixels."""
    near = np.asarray(edges_of(painted).convert("L")) > 0
    for axis in (0, 1):
        for step in (1, 2):
            near = near | np.roll(near, step, axis) | np.roll(near, -step, axis)
    lines = np.asarray(wanted.convert("L")) > 0
    return float((lines & near).sum() / lines.sum())


def test_the_preview_model_draws_along_lines_and_the_same_again(layout, renderer):
    lines = edges_of(a_cat())
    held = a_recipe(layout, controls=(lines_of(layout, lines),))

    free, ours = renderer.render([a_recipe(layout), held])
    [again] = Renderer(layout, threads=1).render([held])

    without, with_lines = share_of_lines_drawn(lines, free), share_of_lines_drawn(lines, ours)
    assert with_lines > 0.6 and with_lines > without + 0.15, (without, with_lines)
    assert np.abs(np.asarray(ours, int) - np.asarray(again, int)).max() <= 1


def test_a_control_picture_of_another_shape_of_another_adapter_or_missing_is_told(layout, renderer):
    narrow = lines_of(layout, edges_of(a_cat()).resize((256, 192)))
    other = lines_of(layout, edges_of(a_cat()), weights_hash="0" * 64)
    missing = lines_of(layout, edges_of(a_cat())).model_copy(update={"picture": "1" * 64})
    deep = lines_of(layout, edges_of(a_cat()), kind="depth")

    with pytest.raises(FixInput, match=r"256x192.*256x256"):
        renderer.render([a_recipe(layout, controls=(narrow,))])
    with pytest.raises(ChooseAnother, match="edges"):
        renderer.render([a_recipe(layout, controls=(other,))])
    with pytest.raises(ChooseAnother, match="111111"):
        renderer.render([a_recipe(layout, controls=(missing,))])
    with pytest.raises(ChooseAnother, match="Kolors"):
        renderer.render([a_recipe(layout, controls=(deep,))])


def test_a_recipe_without_controls_keeps_its_digest_and_one_with_them_names_their_pictures(layout):
    part = lines_of(layout, edges_of(a_cat()))
    bare, held = a_recipe(layout), a_recipe(layout, controls=(part,))

    assert bare.digest == Recipe(**bare.model_dump(exclude={"controls"})).digest != held.digest
    assert held.references == (part.picture,) and Recipe.model_validate_json(held.model_dump_json()) == held
    assert f"Weight: 1, Guidance Start: 0, Guidance End: 1, Image: {part.picture}" in infotext(held, story="", scene="")


def test_a_control_acts_in_the_steps_that_lie_within_its_range():
    part = ControlPart(kind="edges", picture="", weights_hash="", weight=1.0, begin=0.2, end=0.6)

    assert [step for step in range(10) if part.acts(step, 10)] == [2, 3, 4, 5]
