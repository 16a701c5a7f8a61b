"""What a benchmark paints: a text in its family's usual way, but for sampler and steps."""

from __future__ import annotations

from story_engine.domain.family import Family
from story_engine.domain.guidance import EVERYWHERE, Guidance
from story_engine.domain.recipe import Recipe


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
