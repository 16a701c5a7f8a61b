"""From what the author wrote to what the model is sent: pure, and the same text wherever it is shown or used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from story_engine.domain.braces import references, unknown_names, written
from story_engine.domain.control import control_parts
from story_engine.domain.family import Family
from story_engine.domain.guidance import BOUNDS, BY_NOISE, CONSTANT, EVERYWHERE, USUAL, Guidance
from story_engine.domain.recipe import LoraPart, Recipe
from story_engine.domain.story import LARGEST_SEED, Appearance, LoraUse, Scene, Settings, Story
from story_engine.errors import ChooseAnother, FixInput

_CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_LATIN_WORD = re.compile(r"[A-Za-z]+")
_SEPARATORS = "，,、"
"""What stands between the words of a prompt: at a seam one is enough."""
_SENTENCE_ENDS = "。．.！!？?；;：:"
"""After these nothing needs to separate."""
_BUT_SEED = tuple(name for name in Recipe.model_fields if name not in ("seed", "loras"))
_PARTS = {
    "prompt": "text",
    "negative": "text",
    "family": "model",
    "weights_hash": "model",
    "precision": "model",
    "controls": "controls",
}
"""Field of a recipe → what people call it; every other one is a setting."""


def compose_prompt(story: Story, scene: Scene) -> str:
    """Style, character blocks and the scene's own words as one prompt.

    `{name}` or `{id}` of a character inside the scene's prompt is replaced by its words where it stands; the other
    characters of the scene stand in front. Braces around anything else are the author's own.

    Raises:
        FixInput: the scene names a character or an outfit that the story has not.
    """
    separator = separator_of(story, scene)
    blocks = {character.id: [character.description] for character in story.characters}
    for appearance in scene.characters:
        blocks[appearance.character] = _words_of(story, appearance)
    own, behind, in_place = "", 0, set()
    for reference in references(scene.prompt, story.characters):
        own += scene.prompt[behind : reference.start] + join(blocks[reference.character], separator)
        behind = reference.end
        in_place.add(reference.character)
    own += scene.prompt[behind:]
    in_front = [words for use in scene.characters if use.character not in in_place for words in blocks[use.character]]
    return join([story.style, *in_front, own], separator)


def compose_negative(story: Story, scene: Scene) -> str:
    """The shared negative words, then the scene's own."""
    return join([story.negative, scene.negative], separator_of(story, scene))


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
    guidance = guidance_of(requested, family)
    return Recipe(
        prompt=compose_prompt(story, scene),
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
    """What has changed since a picture was painted, seed apart: "text", "model", "settings", "controls", "loras"."""
    parts = [_PARTS.get(name, "settings") for name in _BUT_SEED if getattr(painted, name) != getattr(now, name)]
    if _contents(painted) != _contents(now):
        parts.append("loras")
    return tuple(dict.fromkeys(parts))


def separator_of(story: Story, scene: Scene) -> str:
    """What joins the parts of this scene's prompts: a comma in the way in which its author writes commas.

    Chinese text is joined with "，", except where all its commas are half-width ones, as in many prompts that were made
    for older models; other text with ", ". Only what this scene is painted from decides, so that an edit elsewhere in
    the story never changes its pictures.
    """
    descriptions = [words for appearance in scene.characters for words in _words_of(story, appearance)]
    words = "\n".join((story.style, story.negative, *descriptions, scene.prompt, scene.negative))
    if len(_CHINESE.findall(words)) < len(_LATIN_WORD.findall(words)) or not _CHINESE.search(words):
        return ", "
    return "," if "," in words and "，" not in words else "，"


def join(parts: Iterable[str], separator: str) -> str:
    """The parts in one line of words: no empty part, one separator at each seam, a single part as it is."""
    whole = ""
    for part in parts:
        following = part.strip()
        if not following.strip(_SEPARATORS + " "):
            continue
        if not whole:
            whole = following
            continue
        following = following.lstrip(_SEPARATORS + " ")
        before = whole.rstrip(_SEPARATORS + " \n\t")
        if before.endswith(tuple(_SENTENCE_ENDS)):
            whole = before + (" " if separator.endswith(" ") else "") + following
        else:
            whole = before + separator + following
    return whole


def _contents(recipe: Recipe) -> list[tuple[str, float]]:
    """Of its LoRAs: what they are called changes no picture."""
    return [(part.sha256, part.strength) for part in recipe.loras]


def _words_of(story: Story, appearance: Appearance) -> list[str]:
    for character in story.characters:
        if character.id != appearance.character:
            continue
        if appearance.outfit is None:
            return [character.description]
        if appearance.outfit in character.outfits:
            return [character.description, character.outfits[appearance.outfit]]
        known = ", ".join(character.outfits) or "-"
        raise FixInput("story.missing_outfit", value=appearance.outfit, character=character.id, known=known)
    known = ", ".join(character.id for character in story.characters) or "-"
    raise FixInput("story.missing_character", value=appearance.character, known=known)


def _lora_parts(used: Iterable[LoraUse], loras: Mapping[str, str]) -> Iterable[LoraPart]:
    for use in used:
        if use.name not in loras:
            raise ChooseAnother("story.lora_missing", name=use.name, known=", ".join(sorted(loras)) or "-")
        # Strength 0 paints the very picture that is painted without the LoRA: one recipe, one take.
        if use.strength != 0:
            yield LoraPart(name=use.name, sha256=loras[use.name], strength=use.strength)
