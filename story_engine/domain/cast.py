"""Cast lock in recipes: what a picture that others look at has to be like, and one character's part in a scene."""

from __future__ import annotations

from story_engine.domain.composing import Composed
from story_engine.domain.family import Family
from story_engine.domain.look import AS_DESCRIBED, Look
from story_engine.domain.recipe import LARGEST_ANCHOR_WEIGHT, CastPart, Recipe, Start
from story_engine.domain.story import Scene, Settings, Story
from story_engine.errors import FixInput

USUAL_CAST_STRENGTH = 1.0
USUAL_CAST_FROM = 0.2
"""Share of the steps: before, where things are is decided, and that is every panel's own affair."""
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
        if not 0 < part.strength <= LARGEST_ANCHOR_WEIGHT:
            raise FixInput("cast.strength", character=part.character, value=part.strength, most=LARGEST_ANCHOR_WEIGHT)
        for prompt, (start, end) in ((recipe.prompt, part.words), (part.anchor.prompt, part.anchor_words)):
            if not 0 <= start < end <= len(prompt):
                raise FixInput("cast.no_words", character=part.character)
        check_cast(part.anchor)


def with_cast(recipe: Recipe, story: Story, scene: Scene, sent: Composed, settings: Settings, family: Family) -> Recipe:
    """The recipe of a scene, with what its characters are held to.

    A picture that is itself what a character is held to looks at itself no more than before it was chosen.

    Raises:
        FixInput: a look is of another size, or an outfit's words have gone from the prompt of its picture.
    """
    strength = USUAL_CAST_STRENGTH if settings.cast_strength is None else settings.cast_strength
    share = USUAL_CAST_FROM if settings.cast_from is None else settings.cast_from
    first = max(1, round(recipe.steps * share))  # before the first step nobody knows where a character is
    if strength == 0 or first >= recipe.steps:
        return recipe
    outfits = {each.character: each.outfit for each in scene.characters}
    looks = {
        each.id: look
        for each in story.characters
        if each.id in sent.characters and (look := each.looks.get(outfits.get(each.id) or AS_DESCRIBED)) is not None
    }
    for chosen in [None, *{look.recipe.digest: None for look in looks.values()}]:
        parts = [
            CastPart(
                character=character,
                words=words,
                anchor=_anchor(looks[character], recipe, character),
                anchor_words=looks[character].words,
                strength=strength * family.cast_strength,
                from_step=first,
                until_step=recipe.steps,
            )
            for character, words in sent.characters.items()
            if character in looks and (chosen is None or looks[character].recipe.digest != chosen)
        ]
        found = recipe.model_copy(update={"cast": tuple(parts)}) if parts else recipe
        if chosen is None:
            whole = found
        elif found.digest == chosen:
            return found
    return whole


def _anchor(look: Look, recipe: Recipe, character: str) -> Recipe:
    """What the look's picture is painted from; where it cannot be painted alongside, the picture as it is.

    Raises:
        FixInput: it has another size.
    """
    for name in ("width", "height"):
        if getattr(look.recipe, name) != getattr(recipe, name):
            found, wanted = (f"{each.width}x{each.height}" for each in (look.recipe, recipe))
            raise FixInput("cast.other_size", character=character, found=found, wanted=wanted)
    if look.scene and difference(look.recipe, recipe) is None:
        return look.recipe
    alike = {name: getattr(recipe, name) for name in _ALIKE}
    still = Start(reference=look.picture, strength=0.0)
    return look.recipe.model_copy(update={**alike, "start": still, "cast": (), "loras": recipe.loras, "controls": ()})


def difference(anchor: Recipe, recipe: Recipe) -> str | None:
    """The first thing in which they differ and must not; None: one can be painted along with the other."""
    return next((name for name in _ALIKE if getattr(anchor, name) != getattr(recipe, name)), None)


def in_precision(recipe: Recipe, precision: str) -> Recipe:
    """The recipe in another precision, and all that it looks at too."""
    cast = tuple(part.model_copy(update={"anchor": in_precision(part.anchor, precision)}) for part in recipe.cast)
    return recipe.model_copy(update={"precision": precision, "cast": cast})
