"""From what the author wrote to what the model is sent: pure, and the same text wherever it is shown or used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from story_engine.domain.braces import unknown_names, written
from story_engine.domain.cast import with_cast
from story_engine.domain.composing import compose_negative, composed
from story_engine.domain.control import control_parts
from story_engine.domain.family import Family
from story_engine.domain.guidance import BOUNDS, BY_NOISE, CONSTANT, EVERYWHERE, USUAL, Guidance
from story_engine.domain.recipe import LoraPart, Recipe
from story_engine.domain.story import LARGEST_SEED, LoraUse, Scene, Settings, Story
from story_engine.errors import ChooseAnother, FixInput

_BUT_SEED = tuple(name for name in Recipe.model_fields if name not in ("seed", "loras"))
_PARTS = {
    "prompt": "text",
    "negative": "text",
    "family": "model",
    "weights_hash": "model",
    "precision": "model",
    "controls": "controls",
    "cast": "look",
}
"""Field of a recipe → what people call it; every other one is a setting."""
CHANGEABLE = (*dict.fromkeys(_PARTS.values()), "settings", "loras")
"""What `differing_parts` may name."""


def check_names(story: Story, scene: Scene) -> None:
    """Braces in the scene's prompt name characters of the story.

    Raises:
        FixInput: one names nobody: it would be painted as it stands.
    """
    for unknown in unknown_names(scene.prompt, story.characters):
        values = {"value": unknown.name, "scene": scene.title or scene.id}
        if unknown.nearest is not None:
            raise FixInput("story.unknown_name_nearest", nearest=unknown.nearest, **values)
        known = ", ".join(written(each, story.characters) for each in story.characters)
        raise FixInput("story.unknown_name", known=known, **values)


def resolve(
    story: Story,
    scene: Scene,
    take_number: int,
    *,
    family: Family,
    loras: Mapping[str, str],
    device: str = "cpu",
) -> Recipe:
    """Everything that decides one picture.

    Args:
        story: what the author wrote.
        scene: one of its scenes.
        take_number: 0 for the scene's first take; further takes count on from its seed.
        family: what paints. When the story asks for another one, this is a stand-in, and the author's sampler, steps,
            scale and size, meant for the other model, give way to the stand-in's own.
        loras: name → sha256 of the adapter file, for every LoRA that the scene uses.
        device: type of the device that paints ("cuda"); decides pixels only with `noise: device`.

    Raises:
        ChooseAnother: a LoRA of the scene has no hash, which means that it is not in the library.
        FixInput: the size is outside of what the family can paint; the levels of guidance are no interval; a character
            or an outfit is missing.
    """
    requested = story.settings.for_family(family.name)
    width, height = requested.width or family.width, requested.height or family.height
    for side in (width, height):
        if not family.smallest_side <= side <= family.largest_side:
            limits = {"least": family.smallest_side, "most": family.largest_side}
            raise FixInput("story.size_for_family", width=width, height=height, family=family.title, **limits)
    guidance, sent = guidance_of(requested, family), composed(story, scene)
    recipe = Recipe(
        prompt=sent.text,
        negative=compose_negative(story, scene),
        seed=(scene.seed + take_number) % (LARGEST_SEED + 1),
        sampler=requested.sampler or family.sampler,
        steps=usual_steps(requested, family) if requested.steps is None else requested.steps,
        cfg_scale=family.cfg_scale if requested.cfg_scale is None else requested.cfg_scale,
        width=width,
        height=height,
        noise=f"device:{device}" if story.settings.noise == "device" else "cpu",
        family=family.name,
        weights_hash=family.weights_hash,
        precision=family.precision,
        loras=tuple(_lora_parts(story.loras_of(scene), loras)),
        controls=control_parts(
            scene.controls, family.controls, family=family.title, is_stand_in=family.name != story.settings.family
        ),
        **guidance.model_dump(),
    )
    return with_cast(recipe, story, scene, sent, requested, family)


def is_by_noise(settings: Settings, family: Family) -> bool:
    """Whether pictures with these settings are guided by noise level."""
    if family.by_noise is None:
        return False
    return settings.guidance == BY_NOISE or (settings.guidance == USUAL and family.by_noise.is_usual)


def usual_steps(settings: Settings, family: Family) -> int:
    """The steps where the author says none."""
    return family.by_noise.steps if family.by_noise is not None and is_by_noise(settings, family) else family.steps


def guidance_settings(settings: Settings, family: Family, wanted: Guidance) -> dict[str, object]:
    """The settings that give a picture's guidance: as they are where they give it already, else all of it."""
    if guidance_of(settings, family) == wanted:
        return {name: getattr(settings, name) for name in ("guidance", *BOUNDS)}
    if wanted.is_constant:
        return {"guidance": CONSTANT, **dict.fromkeys(BOUNDS)}
    return {"guidance": BY_NOISE, **wanted.model_dump()}


def guidance_of(settings: Settings, family: Family) -> Guidance:
    """The levels at which pictures with these settings are guided.

    Raises:
        FixInput: they are no interval.
    """
    if family.by_noise is None or not is_by_noise(settings, family):
        return EVERYWHERE
    usual = family.by_noise.levels
    above, below, negative = (getattr(usual if getattr(settings, name) is None else settings, name) for name in BOUNDS)
    if above >= below:
        raise FixInput("story.guidance_interval", above=f"{above:g}", below=f"{below:g}")
    return Guidance(guidance_above=above, guidance_below=below, negative_below=negative)


def same_but_seed(first: Recipe, second: Recipe) -> bool:
    """Whether the two would paint the same picture if they had the same seed."""
    return all(getattr(first, name) == getattr(second, name) for name in _BUT_SEED) and (
        _contents(first) == _contents(second)
    )


def differing_parts(painted: Recipe, now: Recipe) -> tuple[str, ...]:
    """What of `CHANGEABLE` has changed since a picture was painted, seed apart."""
    parts = [_PARTS.get(name, "settings") for name in _BUT_SEED if getattr(painted, name) != getattr(now, name)]
    if _contents(painted) != _contents(now):
        parts.append("loras")
    return tuple(dict.fromkeys(parts))


def _contents(recipe: Recipe) -> list[tuple[str, float]]:
    """Of its LoRAs: what they are called changes no picture."""
    return [(part.sha256, part.strength) for part in recipe.loras]


def _lora_parts(used: Iterable[LoraUse], loras: Mapping[str, str]) -> Iterable[LoraPart]:
    for use in used:
        if use.name not in loras:
            raise ChooseAnother("story.lora_missing", name=use.name, known=", ".join(sorted(loras)) or "-")
        # Strength 0 paints the very picture that is painted without the LoRA: one recipe, one take.
        if use.strength != 0:
            yield LoraPart(name=use.name, sha256=loras[use.name], strength=use.strength)
