"""Cast lock in recipes: what a picture that others look at has to be like, and one character's part in a scene."""

from __future__ import annotations

from story_engine.domain.recipe import Recipe
from story_engine.errors import FixInput

LARGEST_CAST_STRENGTH = 4.0
MOST_ANCHORS = 8
"""That one picture may look at, also by way of others: each is painted alongside."""
_ALIKE = (
    "family",
    "weights_hash",
    "precision",
    "width",
    "height",
    "sampler",
    "steps",
    "noise",
    "guidance_above",
    "guidance_below",
    "negative_below",
)
"""What pictures that are painted step by step together have in common."""


def check_cast(recipe: Recipe) -> None:
    """Refuse a recipe that looks at what cannot be painted along with it.

    Raises:
        FixInput: an anchor has another size, family or way of being painted; a part names no words; there are too many.
    """
    if len(recipe.anchors) > MOST_ANCHORS:
        raise FixInput("cast.too_many", count=len(recipe.anchors), most=MOST_ANCHORS)
    for part in recipe.cast:
        if name := difference(part.anchor, recipe):
            values = {"character": part.character, "found": getattr(part.anchor, name), "wanted": getattr(recipe, name)}
            raise FixInput("cast.anchor_unlike", field=name, **values)
        if not 0 < part.strength <= LARGEST_CAST_STRENGTH:
            raise FixInput("cast.strength", character=part.character, value=part.strength, most=LARGEST_CAST_STRENGTH)
        for prompt, (start, end) in ((recipe.prompt, part.words), (part.anchor.prompt, part.anchor_words)):
            if not 0 <= start < end <= len(prompt):
                raise FixInput("cast.no_words", character=part.character)
        check_cast(part.anchor)


def difference(anchor: Recipe, recipe: Recipe) -> str | None:
    """The first thing in which they differ and must not; None: one can be painted along with the other."""
    return next((name for name in _ALIKE if getattr(anchor, name) != getattr(recipe, name)), None)


def in_precision(recipe: Recipe, precision: str) -> Recipe:
    """The recipe in another precision, and all that it looks at too."""
    cast = tuple(part.model_copy(update={"anchor": in_precision(part.anchor, precision)}) for part in recipe.cast)
    return recipe.model_copy(update={"precision": precision, "cast": cast})
