"""Recipes that look at another picture: what their digest covers, and what is refused before anything is painted."""

import pytest

from story_engine.domain.cast import MOST_ANCHORS, check_cast, in_precision
from story_engine.domain.recipe import CastPart, Recipe
from story_engine.errors import FixInput
from tests.builders import a_recipe


def looking(anchor: Recipe, **changes) -> CastPart:
    fields = {"character": "girl", "words": (0, 2), "anchor_words": (0, 2), "from_step": 4, "until_step": 20}
    return CastPart(**({"anchor": anchor} | fields | changes))


def follower(anchor: Recipe, **changes) -> Recipe:
    return a_recipe(seed=9, cast=(looking(anchor, **changes),))


def test_what_a_character_is_called_is_no_part_of_the_digest_and_everything_else_is():
    plain = follower(a_recipe())

    assert follower(a_recipe(), character="mia").digest == plain.digest
    for change in ({"strength": 0.5}, {"from_step": 3}, {"until_step": 9}, {"words": (0, 3)}):
        assert follower(a_recipe(), **change).digest != plain.digest
    assert follower(a_recipe(seed=5)).digest != plain.digest
    assert Recipe.model_validate_json(plain.model_dump_json()).digest == plain.digest


def test_anchors_are_named_once_and_before_whoever_looks_at_them():
    first = a_recipe(seed=1)
    second = a_recipe(seed=2, cast=(looking(first),))
    third = a_recipe(seed=3, cast=(looking(second), looking(first)))

    assert third.anchors == (first, second)
    assert [each.precision for each in in_precision(third, "bfloat16").anchors] == ["bfloat16", "bfloat16"]


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (follower(a_recipe(width=a_recipe().width + 64)), "cast.anchor_unlike"),
        (follower(a_recipe(family="other")), "cast.anchor_unlike"),
        (follower(a_recipe(steps=3)), "cast.anchor_unlike"),
        (follower(a_recipe(), strength=0.0), "cast.strength"),
        (follower(a_recipe(), words=(0, 9999)), "cast.no_words"),
        (follower(a_recipe(), anchor_words=(2, 2)), "cast.no_words"),
    ],
)
def test_what_cannot_be_painted_alongside_is_refused_with_the_character(wanted, code):
    with pytest.raises(FixInput) as refused:
        check_cast(wanted)

    assert refused.value.code == code
    assert refused.value.values["character"] == "girl"


def test_more_pictures_than_are_painted_alongside_are_refused():
    chain = a_recipe(seed=1)
    for seed in range(2, MOST_ANCHORS + 3):
        chain = a_recipe(seed=seed, cast=(looking(chain),))

    with pytest.raises(FixInput) as refused:
        check_cast(chain)

    assert refused.value.code == "cast.too_many"
