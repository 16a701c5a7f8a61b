"""What a benchmark paints: a text in its family's usual way, but for sampler and steps."""

from __future__ import annotations

from story_engine.domain.family import Family
from story_engine.domain.guidance import EVERYWHERE, Guidance
from story_engine.domain.recipe import Recipe
from story_engine.domain.resolve import guidance_of, usual_steps
from story_engine.domain.story import Settings


def family_recipe(
    family: Family,
    prompt: str,
    negative: str,
    seed: int,
    *,
    sampler: str,
    steps: int,
    guidance: Guidance = EVERYWHERE,
) -> Recipe:
    """The family's size, scale, precision and weights, noise from the CPU."""
    return Recipe(
        prompt=prompt,
        negative=negative,
        seed=seed,
        sampler=sampler,
        steps=steps,
        cfg_scale=family.cfg_scale,
        width=family.width,
        height=family.height,
        noise="cpu",
        family=family.name,
        weights_hash=family.weights_hash,
        precision=family.precision,
        **guidance.model_dump(),
    )


def recipe_by(settings: Settings, family: Family, prompt: str, negative: str, seed: int) -> Recipe:
    """As a story with these settings paints it: their guidance and steps, the family's sampler."""
    return family_recipe(
        family,
        prompt,
        negative,
        seed,
        sampler=family.sampler,
        steps=settings.steps or usual_steps(settings, family),
        guidance=guidance_of(settings, family),
    )
