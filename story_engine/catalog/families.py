"""The model families of this machine: defaults, limits, exact weights. Read by pages, so nothing heavy is imported."""

from __future__ import annotations

import importlib

from story_engine.catalog.description import FamilyDescription, joined_digits
from story_engine.catalog.weights_hash import weights_hash
from story_engine.domain.cast import check_cast
from story_engine.domain.control import LARGEST_WEIGHT, ControlPart
from story_engine.domain.family import (
    FAMILY_FOLDERS,
    LARGEST_CFG_SCALE,
    MOST_STEPS,
    SAMPLERS,
    SIZE_MULTIPLE,
    Family,
)
from story_engine.domain.guidance import BOUNDS, LARGEST_NOISE
from story_engine.domain.recipe import LEAST_STRENGTH, MOST_STRENGTH, Recipe
from story_engine.domain.story import LARGEST_SEED
from story_engine.errors import ChooseAnother, FixInput, InstallOrDownload
from story_engine.store.layout import Layout


def descriptions() -> dict[str, FamilyDescription]:
    """What every family says of itself, by name."""
    return {name: description(name) for name in FAMILY_FOLDERS}


def description(name: str) -> FamilyDescription:
    """What one family says of itself.

    Raises:
        ChooseAnother: there is no family of this name.
    """
    if name not in FAMILY_FOLDERS:
        raise ChooseAnother("models.unknown_family", name=name, listed=", ".join(FAMILY_FOLDERS))
    found: FamilyDescription = importlib.import_module(f"{FAMILY_FOLDERS[name]}.family").FAMILY
    return found


def families(layout: Layout) -> dict[str, Family]:
    """Every family by name; `weights_hash` is empty where the weights are not (completely) here."""
    return {name: _family(layout, name, description) for name, description in descriptions().items()}


def family_of(layout: Layout, name: str) -> Family:
    """One family.

    Raises:
        ChooseAnother: there is no family of this name.
    """
    return _family(layout, name, description(name))


def _family(layout: Layout, name: str, description: FamilyDescription) -> Family:
    return Family(
        name=name,
        title=description.package.title,
        sampler=description.sampler,
        steps=description.steps,
        cfg_scale=description.cfg_scale,
        width=description.width,
        height=description.height,
        smallest_side=description.smallest_side,
        largest_side=description.largest_side,
        token_limit=description.token_limit,
        weights_hash=weights_hash(layout, description.package, joined=description.joined),
        precision=description.precision(),
        least_spot=description.least_spot,
        cast_strength=description.cast_strength,
        knows_true_sizes=description.knows_true_sizes,
        safe_learning_rate=description.safe_learning_rate,
        memory=description.memory,
        by_noise=description.by_noise,
        inpainting=None
        if description.inpainting is None
        else weights_hash(layout, description.inpainting, joined=joined_digits),
        controls={
            kind: weights_hash(layout, package, joined=joined_digits) for kind, package in description.controls.items()
        },
    )


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
        FixInput: size, steps, guidance, its noise levels, seed or sampler is outside the limits.
        InstallOrDownload: weights of the family, of an adapter or of its U-Net for inpainting are not here.
        ChooseAnother: the recipe was made for other weights than the ones that are here.
    """
    check_size(family, width=recipe.width, height=recipe.height)
    _check_range("steps", recipe.steps, 1, MOST_STEPS)
    _check_range("cfg_scale", recipe.cfg_scale, 0, LARGEST_CFG_SCALE)
    _check_range("seed", recipe.seed, 0, LARGEST_SEED)
    for name in BOUNDS:
        _check_range(name, getattr(recipe, name), 0, LARGEST_NOISE)
    if recipe.guidance_above >= recipe.guidance_below:
        levels = {"above": f"{recipe.guidance_above:g}", "below": f"{recipe.guidance_below:g}"}
        raise FixInput("story.guidance_interval", **levels)
    for begun in (recipe.start, recipe.mend):
        if begun is not None and not LEAST_STRENGTH <= begun.strength <= MOST_STRENGTH:
            limits = {"least": LEAST_STRENGTH, "most": MOST_STRENGTH}
            raise FixInput("models.start_strength", value=begun.strength, **limits)
    check_cast(recipe)
    if recipe.sampler not in SAMPLERS:
        raise FixInput("models.unknown_sampler", name=recipe.sampler, listed=", ".join(SAMPLERS))
    for part in recipe.controls:
        _check_control(part, family)
    if recipe.inpainting:
        _check_inpainting(recipe.inpainting, family)
    if not family.weights_hash:
        raise InstallOrDownload("models.family_missing", family=family.title)
    if recipe.weights_hash != family.weights_hash:
        raise ChooseAnother(
            "models.other_weights", family=family.title, wanted=recipe.weights_hash[:12], found=family.weights_hash[:12]
        )


def inpainting_hash(family: Family) -> str:
    """Names the exact weights of the family's U-Net for inpainting.

    Raises:
        ChooseAnother: it has none.
        InstallOrDownload: they are not here.
    """
    if family.inpainting is None:
        raise ChooseAnother("models.inpainting_family", family=family.title)
    if not family.inpainting:
        raise InstallOrDownload("models.inpainting_files", family=family.title)
    return family.inpainting


def _check_inpainting(wanted: str, family: Family) -> None:
    found = inpainting_hash(family)
    if found != wanted:
        known = {"wanted": wanted[:12], "found": found[:12]}
        raise ChooseAnother("models.other_inpainting_weights", family=family.title, **known)


def _check_control(part: ControlPart, family: Family) -> None:
    if part.kind not in family.controls:
        raise ChooseAnother("story.control_family", kind=part.kind, family=family.title)
    found = family.controls[part.kind]
    if not found:
        raise InstallOrDownload("story.control_files", kind=part.kind, family=family.title)
    if found != part.weights_hash:
        known = {"wanted": part.weights_hash[:12], "found": found[:12]}
        raise ChooseAnother("models.other_adapter_weights", kind=part.kind, **known)
    _check_range("weight", part.weight, 0, LARGEST_WEIGHT)
    if not 0 <= part.begin < part.end <= 1:
        raise FixInput("story.control_range", begin=f"{part.begin:g}", end=f"{part.end:g}")


def _check_range(name: str, value: float, smallest: float, largest: float) -> None:
    if not smallest <= value <= largest:
        raise FixInput("models.out_of_range", name=name, value=value, smallest=smallest, largest=largest)
