"""What the model will really be sent for a scene, measured."""

from __future__ import annotations

from story_engine.domain.resolve import compose_negative, compose_prompt
from story_engine.domain.story import Story
from story_engine.domain.views import ResolvedText
from story_engine.errors import StudioError
from story_engine.flows.parts import Parts
from story_engine.flows.render import painting_family


def resolved_text(parts: Parts, story: Story, scene_id: str) -> ResolvedText:
    """The composed prompt and negative with token counts, the place of a cut, and words the preview model lacks."""
    families = parts.families()
    try:
        family = painting_family(story, families, parts.ready())
    except StudioError:
        family = families["preview"]
    scene = story.scene(scene_id)
    prompt = compose_prompt(story, scene)
    negative = compose_negative(story, scene)
    unknown: list[str] = []
    if family.name == "preview":
        unknown = [*parts.unknown_words(prompt), *parts.unknown_words(negative)]
    return ResolvedText(
        prompt=prompt,
        negative=negative,
        prompt_tokens=parts.count_tokens(prompt),
        negative_tokens=parts.count_tokens(negative),
        token_limit=family.token_limit,
        prompt_cut=parts.cut_position(prompt, family.token_limit),
        negative_cut=parts.cut_position(negative, family.token_limit),
        unknown_words=tuple(dict.fromkeys(unknown)),
    )
