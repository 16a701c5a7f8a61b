"""Pictures that a recipe is held to: by the preview model's own ControlNet for lines."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageOps

from story_engine.catalog.families import families
from story_engine.domain.control import ControlPart
from story_engine.domain.recipe import CastPart, Recipe
from story_engine.errors import ChooseAnother, FixInput
from story_engine.formats.edges import edges_of
from story_engine.formats.infotext import infotext
from story_engine.inference.controls import Controls, ControlsOfEach, UnetRows
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


def test_of_pictures_that_look_at_others_each_is_held_to_its_own_maps_in_both_of_its_rows():
    given = []

    @dataclass(frozen=True, slots=True)
    class Noting(Controls):
        @contextmanager
        def acting(self, unet, rows, *, step, steps):
            given.append((self, rows.rows, rows.pictures, step))
            yield

    first, third, none = Noting(), Noting(likeness=None), torch.zeros(1)
    each = ControlsOfEach((first, None, third))
    for rows in ((0, 3), (1, 4), (2,), (5,)):
        with each.acting(torch.nn.Identity(), UnetRows(rows, 3, none, none, none, none, none), step=2, steps=6):
            pass

    assert [(rows, pictures) for _, rows, pictures, _ in given] == [((0, 1), [0, 0]), ((0,), [0]), ((1,), [0])]
    assert given[0][0] is first and given[1][0] is given[2][0] is third


@pytest.mark.thorough
def test_a_picture_that_others_look_at_is_held_to_its_own_lines_and_they_to_theirs(layout, renderer):
    cat, lines = "一只橙色的猫", lines_of(layout, edges_of(a_cat()))
    mirrored = lines_of(layout, ImageOps.mirror(edges_of(a_cat())))
    anchor = a_recipe(layout, controls=(lines,))
    plain = a_recipe(layout, prompt=f"{cat}，在森林里，全身", seed=6, controls=(mirrored,))
    words = (0, len(cat))
    looks = CastPart(character="cat", words=words, anchor=anchor, anchor_words=words, from_step=2, until_step=6)
    held = plain.model_copy(update={"cast": (looks,)})
    other = looks.model_copy(update={"anchor": anchor.model_copy(update={"controls": ()})})

    [theirs] = renderer.render([held])
    [alike] = renderer.render([held.model_copy(update={"cast": (other,)})])

    assert share_of_lines_drawn(ImageOps.mirror(edges_of(a_cat())), theirs) > 0.55
    assert np.abs(np.asarray(theirs, int) - np.asarray(alike, int)).max() > 5, "it looks at the anchor as it is painted"


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
