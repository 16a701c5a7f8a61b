"""How far panels are from a style, held against drawings that show what the panels were asked to show.

The training pictures show something else than a story does, and so the distance to them never falls to nothing. Here
each panel has drawings of its own subject, place, time and shot in the style: what is left between them is the style.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache

from PIL import Image

from story_engine.preview_model.world import DrawnScene
from story_engine.preview_model.world.drawing import draw
from story_engine.preview_model.world.drawing.sampling import sample_figure
from story_engine.preview_model.world.expected import read_prompt
from story_engine.preview_model.world.lexicon import read
from story_engine.training.style import Numbers, Style, numbers_of

PER_PANEL = 6


@cache
def drawn_numbers(prompts: tuple[str, ...], style: str) -> Numbers:
    """Of `PER_PANEL` drawings for each prompt in a style that none of them names."""
    return numbers_of(draw(scene) for prompt in prompts for scene in _scenes(prompt, style))


def style_fall(
    plain: Sequence[Image.Image], styled: Sequence[Image.Image], prompts: Sequence[str], style: str
) -> dict[str, float]:
    """Distance to the style without and with the LoRA, the share by which it falls, and the share of the way to it.

    The way is 0 for the base's panels and 1 for drawings. The preview model's pictures are softer than drawings, and
    that part of the distance no LoRA takes away.

    Args:
        plain: panels of the base, one for each prompt.
        styled: the same panels with the LoRA.
        prompts: of the scenes, without the story's own style words.
        style: one of the world's.
    """
    base = numbers_of(plain)
    reference = Style.of(drawn_numbers(tuple(prompts), style), base=base)
    before, after = reference.distance(base), reference.distance(numbers_of(styled))
    return {
        "without": round(before, 3),
        "with": round(after, 3),
        "fall": round(1 - after / before, 3),
        "way": round(reference.way(numbers_of(styled)), 3),
    }


def _scenes(prompt: str, style: str) -> list[DrawnScene]:
    asked, rng = read_prompt(prompt), random.Random(f"quick look {prompt}")
    time = next((each.value for each in read(prompt) if each.attribute == "time"), "day")
    shot = asked.shot or "full"
    return [
        DrawnScene(
            main=sample_figure(rng, asked.subject or "cat", shot),
            place=asked.place or "plain",
            style=style,
            shot=shot,
            time=time,
            seed=rng.randrange(2**31),
        )
        for _ in range(PER_PANEL)
    ]
