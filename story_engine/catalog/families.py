"""The model families of this machine: defaults, limits, exact weights. Read by pages, so nothing heavy is imported."""

from __future__ import annotations

from story_engine.catalog.devices import gpu_names
from story_engine.catalog.weights_hash import kolors_hash, preview_hash
from story_engine.domain.family import LARGEST_CFG_SCALE, MOST_STEPS, SAMPLERS, SIZE_MULTIPLE, Family
from story_engine.domain.recipe import Recipe
from story_engine.domain.story import LARGEST_SEED
from story_engine.errors import ChooseAnother, FixInput, InstallOrDownload
from story_engine.store.layout import Layout


def families(layout: Layout) -> dict[str, Family]:
    """Every family by name; `weights_hash` is empty where the weights are not (completely) here."""
    return {
        "preview": Family(
            name="preview",
            title="Preview",
            sampler="dpmpp_2m_karras",
            steps=20,
            cfg_scale=4.0,
            width=256,
            height=256,
            smallest_side=256,
            largest_side=768,
            token_limit=64,
            weights_hash=preview_hash(layout),
            precision="float32",
        ),
        "kolors": Family(
            name="kolors",
            title="Kolors",
            sampler="dpmpp_2m_karras",
            steps=20,
            cfg_scale=5.0,
            width=1024,
            height=1024,
            smallest_side=256,
            largest_side=2048,
            token_limit=256,
            weights_hash=kolors_hash(layout),
            precision="float16" if gpu_names() else "float32",
        ),
    }


def family_of(layout: Layout, name: str) -> Family:
    """One family.

    Raises:
        ChooseAnother: there is no family of this name.
    """
    known = families(layout)
    if name not in known:
        raise ChooseAnother("models.unknown_family", name=name, listed=", ".join(known))
    return known[name]


def check_size(family: Family, *, width: int, height: int) -> None:
    """Refuse sides that the family cannot paint.

    Raises:
        FixInput: a side is outside the limits or not a multiple of 64.
    """
    for side in (width, height):
        if not family.smallest_side <= side <= family.largest_side or side % SIZE_MULTIPLE:
            raise FixInput(
                "models.size",
                width=width,
                height=height,
                family=family.title,
                smallest=family.smallest_side,
                largest=family.largest_side,
                multiple=SIZE_MULTIPLE,
            )


def check_recipe(recipe: Recipe, family: Family) -> None:
    """Refuse what cannot be painted as the recipe says, with the limits.

    Raises:
        FixInput: size, steps, guidance, seed or sampler is outside the limits.
        InstallOrDownload: the family's weights are not here.
        ChooseAnother: the recipe was made for other weights than the ones that are here.
    """
    check_size(family, width=recipe.width, height=recipe.height)
    _check_range("steps", recipe.steps, 1, MOST_STEPS)
    _check_range("cfg_scale", recipe.cfg_scale, 0, LARGEST_CFG_SCALE)
    _check_range("seed", recipe.seed, 0, LARGEST_SEED)
    if recipe.sampler not in SAMPLERS:
        raise FixInput("models.unknown_sampler", name=recipe.sampler, listed=", ".join(SAMPLERS))
    if not family.weights_hash:
        raise InstallOrDownload("models.family_missing", family=family.title)
    if recipe.weights_hash != family.weights_hash:
        raise ChooseAnother(
            "models.other_weights", family=family.title, wanted=recipe.weights_hash[:12], found=family.weights_hash[:12]
        )


def _check_range(name: str, value: float, smallest: float, largest: float) -> None:
    if not smallest <= value <= largest:
        raise FixInput("models.out_of_range", name=name, value=value, smallest=smallest, largest=largest)
