"""The digest names the take: what takes were called stays, and whatever changes pixels changes it."""

import pytest

from story_engine.domain.recipe import LoraPart, Mend, Recipe, Start
from tests.builders import a_recipe

EARLIER = {"guidance_above", "guidance_below", "negative_below", "start", "cast", "mend"}
"""Fields that recipes of earlier versions do not have."""
START = Start(reference="d" * 64, strength=0.5)
WITH_LORA = a_recipe(
    negative="模糊",
    loras=(LoraPart(name="ink", sha256="c" * 64, strength=0.5),),
    noise="device:cuda",
    seed=2**32 - 1,
)


@pytest.mark.parametrize(
    ("recipe", "digest"),
    [(a_recipe(), "514a00613aff56388540ddccd7c326e3"), (WITH_LORA, "3f834c6e4ee46e9c30ae9773f94f8261")],
)
def test_recipes_of_before_there_were_levels_keep_their_digest(recipe, digest):
    written = {name: value for name, value in recipe.model_dump(mode="json").items() if name not in EARLIER}

    assert recipe.digest == Recipe.model_validate(written).digest == digest


def test_a_mended_spot_of_before_there_were_squares_keeps_its_digest_and_square_and_network_change_it():
    mend = Mend(reference="b" * 64, mask="c" * 64, prompt="a red hat", strength=0.8)

    assert a_recipe(mend=mend).digest == "b210e3dfcc3f66a2a097cb12a6223564"
    for change in ({"side": 256}, {"inpainting": "c" * 64}):
        assert a_recipe(mend=mend.model_copy(update=change)).digest != a_recipe(mend=mend).digest


@pytest.mark.parametrize(
    "change",
    [
        {"guidance_above": 0.15},
        {"guidance_below": 20.0},
        {"negative_below": 1.0},
        {"negative_below": 0.0},
        {"start": START},
    ],
)
def test_every_level_and_every_start_changes_the_digest(change):
    assert a_recipe(**change).digest != a_recipe().digest
    assert Recipe.model_validate_json(a_recipe(**change).model_dump_json()).digest == a_recipe(**change).digest
