"""Which recipes are painted together: same networks, size, steps and LoRAs, as many as pay off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from story_engine.domain.recipe import Recipe

_PIXELS_PER_CALL = {"cpu": 4 * 256 * 256, "gpu": 16 * 1024 * 1024}
"""Pixels that go through the network in one call. CPU: more rows gain nothing (benchmarks/render_speed.py)."""
_MOST_ROWS = 64


@dataclass(frozen=True, slots=True)
class Batch:
    """Recipes that go through the network together."""

    positions: tuple[int, ...]
    """Where they stand in the sequence that was asked for."""
    recipes: tuple[Recipe, ...]

    @property
    def first(self) -> Recipe:
        """Any of them, for what they share."""
        return self.recipes[0]


def batches(recipes: Sequence[Recipe], *, most: Callable[[Recipe], int]) -> list[Batch]:
    """Recipes in batches of at most `most`; what belongs together stays together, first come first."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for position, recipe in enumerate(recipes):
        groups.setdefault(_shared(recipe), []).append(position)
    return [
        Batch(tuple(some), tuple(recipes[position] for position in some))
        for positions in groups.values()
        for some in _parts(positions, most(recipes[positions[0]]))
    ]


def painted_together(device: str, recipe: Recipe) -> int:
    """How many pictures of this kind are painted at once: what one network call of `rows_per_call` holds."""
    return max(1, rows_per_call(device, recipe) // 2)


def rows_per_call(device: str, recipe: Recipe) -> int:
    """How many latents go through the network together: at least the two of one guided picture.

    One, where the noise is a device's own: that mode is for pictures of DiffSynth's pipeline, which passes each alone,
    and in half precision a batch of two has other last bits.
    """
    if recipe.noise != "cpu":
        return 1
    pixels = _PIXELS_PER_CALL["cpu" if device == "cpu" else "gpu"]
    return max(2, min(_MOST_ROWS, pixels // (recipe.width * recipe.height)))


def _parts(positions: Sequence[int], most: int) -> list[Sequence[int]]:
    return [positions[start : start + most] for start in range(0, len(positions), most)]


def _shared(recipe: Recipe) -> tuple[object, ...]:
    loras = tuple((part.sha256, part.strength) for part in recipe.loras)
    return (
        recipe.family,
        recipe.weights_hash,
        recipe.precision,
        recipe.sampler,
        recipe.steps,
        recipe.width,
        recipe.height,
        recipe.noise,
        loras,
    )
