"""What the model will really be sent for a scene, measured."""

from __future__ import annotations

from contextlib import suppress

from story_engine.domain.composing import compose_negative, compose_prompt
from story_engine.domain.family import Family
from story_engine.domain.story import Scene, Story
from story_engine.domain.views import ResolvedText
from story_engine.errors import StudioError
from story_engine.flows.render import STAND_IN, painting_family
from story_engine.flows.services import Services


def reading_family(services: Services, story: Story) -> Family:
    """Whose encoder will read the story's prompts: ask once, where many scenes are measured."""
    families = services.families()
    try:
        return painting_family(story, families, services.ready())
    except StudioError:  # nothing can paint it yet: it was written for its own family
        return families.get(story.settings.family, families[STAND_IN])


def resolved_text(services: Services, story: Story, scene_id: str, family: Family | None = None) -> ResolvedText:
    """The composed prompt and negative with token counts, the place of a cut, and words the preview model lacks."""
    family = family or reading_family(services, story)
    scene = story.scene(scene_id)
    prompt = compose_prompt(story, scene)
    negative = compose_negative(story, scene)
    unknown: list[str] = []
    if family.name == "preview":
        known = _triggers(services, story, scene)
        unknown = [*services.unknown_words(_without(prompt, known)), *services.unknown_words(negative)]
    return ResolvedText(
        prompt=prompt,
        negative=negative,
        prompt_tokens=services.count_tokens(prompt),
        negative_tokens=services.count_tokens(negative),
        token_limit=family.token_limit,
        prompt_cut=services.cut_position(prompt, family.token_limit),
        negative_cut=services.cut_position(negative, family.token_limit),
        unknown_words=tuple(dict.fromkeys(unknown)),
    )


def _triggers(services: Services, story: Story, scene: Scene) -> list[str]:
    """Words that the LoRAs in use know, though the model does not."""
    found = []
    for use in story.loras_of(scene):
        with suppress(StudioError):  # a LoRA that is gone is reported elsewhere
            found.append(services.lora_library.entry(use.name).trigger)
    return [word for word in found if word]


def _without(prompt: str, words: list[str]) -> str:
    for word in words:
        prompt = prompt.replace(word, "，")
    return prompt
