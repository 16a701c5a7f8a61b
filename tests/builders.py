"""Values for tests: defaults that pass, override what matters."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from story_engine.domain.family import Family
from story_engine.domain.recipe import Recipe
from story_engine.domain.story import Scene, Settings, Story
from story_engine.domain.take import Take

PREVIEW = Family(
    name="preview",
    title="Preview",
    sampler="dpmpp_2m_karras",
    steps=20,
    cfg_scale=4.0,
    width=256,
    height=256,
    smallest_side=256,
    largest_side=768,
    token_limit=64,
    weights_hash="a" * 64,
    precision="float32",
)
KOLORS = Family(
    name="kolors",
    title="Kolors",
    sampler="dpmpp_2m_karras",
    steps=20,
    cfg_scale=5.0,
    width=1024,
    height=1024,
    smallest_side=256,
    largest_side=2048,
    token_limit=256,
    weights_hash="b" * 64,
    precision="float16",
    safe_learning_rate=1e-3,
)
FAMILIES = {"preview": PREVIEW, "kolors": KOLORS}
_MORNING = datetime(2026, 11, 21, 9, tzinfo=UTC)
_TAKES = itertools.count()


def a_scene(number: int = 1, **changes) -> Scene:
    fields = {"id": f"s{number}", "title": f"Scene {number}", "prompt": f"an orange kitten, {number}", "seed": 0}
    return Scene(**(fields | changes))


def a_story(*scenes: Scene, count: int = 8, **changes) -> Story:
    written = scenes or tuple(a_scene(number) for number in range(1, count + 1))
    return Story(**({"title": "A story", "scenes": written} | changes))


def a_kolors_story(**settings) -> Story:
    return a_story(settings=Settings(family="kolors", **settings))


def a_recipe(**changes) -> Recipe:
    fields = {
        "prompt": "an orange kitten",
        "negative": "",
        "seed": 0,
        "sampler": "dpmpp_2m_karras",
        "steps": 20,
        "cfg_scale": 4.0,
        "width": 256,
        "height": 256,
        "noise": "cpu",
        "family": "preview",
        "weights_hash": "a" * 64,
        "precision": "float32",
    }
    return Recipe(**(fields | changes))


def a_take(recipe: Recipe, *, scene: str = "s1", **changes) -> Take:
    """Made a second after the one before: what was built last is the latest."""
    made = (_MORNING + timedelta(seconds=next(_TAKES))).isoformat()
    fields = {
        "id": recipe.digest,
        "story": "a-story",
        "scene": scene,
        "number": 0,
        "recipe": recipe,
        "picture_sha256": recipe.digest * 2,
        "created_at": made,
        "seconds": 1.0,
    }
    return Take(**(fields | changes))
