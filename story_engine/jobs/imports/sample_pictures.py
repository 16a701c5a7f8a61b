"""The ready sample sets: drawings of the project's own, with captions that say everything but the style.

A style that no caption names is what a LoRA can learn under a trigger word.
"""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from dataclasses import replace

from story_engine.domain.captions import one_line
from story_engine.domain.picture_import import SAMPLE_PICTURES
from story_engine.preview_model.world import DrawnScene
from story_engine.preview_model.world.captions import caption
from story_engine.preview_model.world.drawing import draw, sample_scene
from story_engine.preview_model.world.words import STYLES

_TRIES = 400
"""One caption in eight names no style; so many tries find one always."""


def pictures(style: str, *, language: str) -> Iterator[tuple[str, bytes, str]]:
    """(name, PNG, caption) of each drawing; always the same ones."""
    for number in range(1, SAMPLE_PICTURES + 1):
        scene, rng = _scene(style, number)
        stored = io.BytesIO()
        draw(scene).save(stored, "PNG")
        yield f"{style}-{number:02d}.png", stored.getvalue(), caption_without_style(scene, rng, language)


def captions(style: str, *, language: str) -> tuple[str, ...]:
    """The captions of `pictures`, in the same order, without drawing them."""
    return tuple(caption_without_style(*_scene(style, number), language) for number in range(1, SAMPLE_PICTURES + 1))


def _scene(style: str, number: int) -> tuple[DrawnScene, random.Random]:
    """What a drawing shows, and the random numbers that its caption is made of."""
    rng = random.Random(f"{style} {number}")
    return replace(sample_scene(rng), style=style, degradation="none"), rng


def caption_without_style(scene: DrawnScene, rng: random.Random, language: str) -> str:
    """A caption of the drawing in "zh" or "en" in which no word for any style stands, in one line as it is kept."""
    words = [word.lower() for style in STYLES.values() for word in (*style.zh, *style.en)]
    for _ in range(_TRIES):
        text = one_line(caption(scene, rng, language))
        if not any(word in text.lower() for word in words):
            return text
    raise RuntimeError(f"no caption without a style in {_TRIES} tries")
