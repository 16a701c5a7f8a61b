"""What a person does with a take: pick it, pin its seed, bring back its text, send its settings to the story."""

from __future__ import annotations

from contextlib import suppress

from story_engine.domain.control import uses_of
from story_engine.domain.edit import Edit
from story_engine.domain.recipe import LoraPart
from story_engine.domain.resolve import guidance_settings, usual_steps
from story_engine.domain.story import LoraUse, Scene, Settings, Story
from story_engine.domain.take import Take
from story_engine.errors import ChooseAnother, StudioError
from story_engine.flows.services import Services


def pick(services: Services, slug: str, scene: str, take: str | None) -> None:
    """Choose a take for its panel; None takes the choice back."""
    if take is not None:
        _take(services, slug, scene, take)
    services.takes.set_pick(slug, scene, take)


def pin(services: Services, slug: str, scene_id: str, take_id: str) -> Story:
    """The take's seed becomes the scene's, pinned."""
    take = _take(services, slug, scene_id, take_id)
    scene = services.stories.load(slug).scene(scene_id)
    return services.stories.edit(
        slug,
        [
            Edit(scene=scene_id, field="seed", value=take.recipe.seed, seen=scene.seed),
            Edit(scene=scene_id, field="pinned", value=True, seen=scene.pinned),
        ],
    )


def unpin(services: Services, slug: str, scene_id: str) -> Story:
    """The scene's seed stays what it is and may move again."""
    scene = services.stories.load(slug).scene(scene_id)
    return services.stories.edit(slug, [Edit(scene=scene_id, field="pinned", value=False, seen=scene.pinned)])


def use_settings(services: Services, slug: str, scene_id: str, take_id: str) -> Story:
    """The scene's prompt, negative, seed and control pictures as they were for this take.

    Where the take's family is the story's own: sampler, steps, cfg, size and its LoRAs, by their present names, too.
    """
    take = _take(services, slug, scene_id, take_id)
    story = services.stories.load(slug)
    scene = story.scene(scene_id)
    recipe = take.recipe
    edits = [
        Edit(scene=scene_id, field="prompt", value=take.written_prompt, seen=scene.prompt),
        Edit(scene=scene_id, field="negative", value=take.written_negative, seen=scene.negative),
        Edit(scene=scene_id, field="seed", value=recipe.seed, seen=scene.seed),
        Edit(scene=scene_id, field="controls", value=uses_of(recipe.controls), seen=scene.controls),
    ]
    if recipe.family == story.settings.family:
        given = _settings_of(services, story, take)
        edits.append(Edit(scene=None, field="settings", value=given, seen=story.settings))
        edits.append(
            Edit(scene=scene_id, field="loras", value=_loras_of(services, story, scene, take), seen=scene.loras)
        )
    return services.stories.edit(slug, edits)


def send_settings(services: Services, slug: str, scene_id: str, take_id: str) -> Story:
    """Sampler, steps, cfg, size and LoRAs as they were for this take, for the whole story; its text and seeds stay.

    Raises:
        ChooseAnother: the take was painted by another family than the story's, or one of its LoRAs is gone.
    """
    take = _take(services, slug, scene_id, take_id)
    story = services.stories.load(slug)
    scene = story.scene(scene_id)
    if take.recipe.family != story.settings.family:
        raise ChooseAnother("sweep.other_family", painted=take.recipe.family, family=story.settings.family)
    edits = [
        Edit(scene=None, field="settings", value=_settings_of(services, story, take), seen=story.settings),
        Edit(scene=None, field="loras", value=_loras_here(services, take), seen=story.loras),
    ]
    if scene.loras is not None:
        # What the scene used of its own would hide what the story uses now.
        edits.append(Edit(scene=scene_id, field="loras", value=None, seen=scene.loras))
    return services.stories.edit(slug, edits)


def _loras_here(services: Services, take: Take) -> tuple[LoraUse, ...]:
    """The take's LoRAs under the names that they have here now."""
    return tuple(LoraUse(name=_name_here(services, part), strength=part.strength) for part in take.recipe.loras)


def _name_here(services: Services, part: LoraPart) -> str:
    for name in (part.name, *services.loras.names()):
        with suppress(StudioError):
            if services.loras.sha256(name) == part.sha256:
                return name
    raise ChooseAnother("sweep.lora_gone", name=part.name)


def _settings_of(services: Services, story: Story, take: Take) -> Settings:
    """The story's settings with the take's values, blank where they are the family's own."""
    family = services.families()[take.recipe.family]
    values = guidance_settings(story.settings, family, take.recipe.guidance)
    usual = {name: getattr(family, name) for name in ("sampler", "cfg_scale", "width", "height")}
    usual["steps"] = usual_steps(story.settings.model_copy(update=values), family)
    for field, own in usual.items():
        was = getattr(take.recipe, field)
        values[field] = None if getattr(story.settings, field) is None and was == own else was
    return story.settings.model_copy(update=values)


def _loras_of(services: Services, story: Story, scene: Scene, take: Take) -> tuple[LoraUse, ...] | None:
    """What the scene has to use to look like the take: its LoRAs as they are, the story's, or the take's own."""
    used = tuple(LoraUse(name=_name_if_here(services, part), strength=part.strength) for part in take.recipe.loras)
    for loras in (scene.loras, None):
        uses = story.loras_of(scene.model_copy(update={"loras": loras}))
        if tuple(use for use in uses if use.strength != 0) == used:
            return loras
    return used


def _name_if_here(services: Services, part: LoraPart) -> str:
    """As `_name_here`; a LoRA that is gone keeps its name, and the page says that it is missing.

    Raises:
        ChooseAnother: another LoRA has that name now; the scene would be painted with that one.
    """
    try:
        return _name_here(services, part)
    except ChooseAnother:
        if services.loras.has(part.name):
            raise
        return part.name


def _take(services: Services, slug: str, scene: str, take: str) -> Take:
    found = services.takes.find(slug, scene, take)
    if found is None:
        raise ChooseAnother("takes.not_found")
    return found
