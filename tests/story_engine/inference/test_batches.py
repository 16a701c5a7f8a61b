import random

from story_engine.inference.batches import as_recorded, batch_text, batches
from tests.builders import a_recipe

SEED = 7


def test_every_recipe_gets_the_place_and_the_company_that_it_recorded():
    chance = random.Random(SEED)
    for _ in range(200):
        sizes = [chance.randint(1, 8) for _ in range(chance.randint(1, 12))]
        places = [chance.randrange(size) for size in sizes]
        recipes = [a_recipe(seed=number, steps=chance.choice((4, 5))) for number in range(len(sizes))]

        every, planned = as_recorded(recipes, [batch_text(*each) for each in zip(places, sizes, strict=True)])

        assert every[: len(recipes)] == recipes
        found = {
            position: (place, len(batch.positions))
            for batch in planned
            for place, position in enumerate(batch.positions)
        }
        assert sorted(found) == list(range(len(every)))
        assert [found[number] for number in range(len(recipes))] == list(zip(places, sizes, strict=True))
        assert all(len({recipe.steps for recipe in batch.recipes}) == 1 for batch in planned)
        assert all(
            every[position] == recipe
            for batch in planned
            for position, recipe in zip(batch.positions, batch.recipes, strict=True)
        )


def test_what_is_not_recorded_or_cannot_be_is_painted_alone():
    recipes = [a_recipe(seed=number) for number in range(6)]

    every, planned = as_recorded(recipes, ["", "not recorded", "3 of 2", "0 of 0", "1 of 999", "２ of ３"])

    assert every == recipes and [batch.positions for batch in planned] == [(number,) for number in range(6)]


def test_pictures_that_are_guided_at_other_levels_are_painted_apart():
    levels = [
        {},
        {"guidance_above": 0.2},
        {"negative_below": 1.0},
        {"guidance_below": 20.0},
        {},
        {"guidance_above": 0.2},
    ]
    recipes = [a_recipe(seed=number, **each) for number, each in enumerate(levels)]

    assert [batch.positions for batch in batches(recipes, most=lambda recipe: 8)] == [(0, 4), (1, 5), (2,), (3,)]
