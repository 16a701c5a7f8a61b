"""Which recipes are painted together: same networks, size, steps and LoRAs, as many as pay off."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from story_engine.domain.memory_plan import MemoryPlan
from story_engine.domain.recipe import Recipe

_PIXELS_PER_CALL = {"cpu": 4 * 256 * 256, "gpu": 16 * 1024 * 1024}
"""Pixels that go through the network in one call. CPU: more rows gain nothing (benchmarks/render_speed.py)."""
_MOST_ROWS = 64
_MOST_CAST = 16
"""Pictures that look at others are painted together, however many rows a call holds: what they look at is painted once
for all of them."""
_RECORDED = re.compile(r"([0-9]{1,3}) of ([0-9]{1,3})")


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

    def only(self, positions: Collection[int]) -> Batch:
        """Those of its recipes that stand at these positions."""
        kept = [pair for pair in zip(self.positions, self.recipes, strict=True) if pair[0] in positions]
        return Batch(tuple(position for position, _ in kept), tuple(recipe for _, recipe in kept))


def batches(
    recipes: Sequence[Recipe], *, most: Callable[[Recipe], int], apart: Callable[[int], object] = lambda _: None
) -> list[Batch]:
    """Recipes in batches of at most `most`; what belongs together stays together, first come first.

    `apart`: positions for which it says different things share no batch.
    """
    groups: dict[tuple[object, ...], list[int]] = {}
    for position, recipe in enumerate(recipes):
        groups.setdefault((apart(position), *_shared(recipe)), []).append(position)
    return [
        Batch(tuple(some), tuple(recipes[position] for position in some))
        for positions in groups.values()
        for some in _parts(positions, most(recipes[positions[0]]))
    ]


def batch_text(place: int, size: int) -> str:
    """A picture's place in its batch, as its take records it."""
    return f"{place + 1} of {size}"


def as_recorded(recipes: Sequence[Recipe], texts: Sequence[str]) -> tuple[list[Recipe], list[Batch]]:
    """Batches in which each recipe has the place and the company that its take recorded.

    What else is in a batch changes nothing, how many they are may; so missing company is the recipe itself once more.
    The recipes come back with that company behind them. A place that is not recorded is a batch of its own.
    """
    every = list(recipes)
    open_batches: dict[tuple[int, tuple[object, ...]], list[dict[int, int]]] = {}
    for position, (recipe, text) in enumerate(zip(recipes, texts, strict=True)):
        place, size = _place(text)
        seats = open_batches.setdefault((size, _shared(recipe)), [])
        free = next((each for each in seats if place not in each), None)
        if free is None:
            seats.append(free := {})
        free[place] = position
    planned: list[Batch] = []
    for (size, _), seats in open_batches.items():
        for taken in seats:
            company = recipes[next(iter(taken.values()))]
            positions = []
            for place in range(size):
                if place not in taken:
                    every.append(company)
                    taken[place] = len(every) - 1
                positions.append(taken[place])
            planned.append(Batch(tuple(positions), tuple(every[each] for each in positions)))
    return every, planned


def _place(text: str) -> tuple[int, int]:
    """Place and size, (0, 1) where the text says neither."""
    found = _RECORDED.fullmatch(text)
    place, size = (int(found[1]), int(found[2])) if found else (1, 1)
    return (place - 1, size) if 1 <= place <= size <= _MOST_ROWS else (0, 1)


def painted_together(device: str, recipe: Recipe, plan: MemoryPlan | None = None) -> int:
    """How many pictures of this kind are painted at once: what one network call of `rows_per_call` holds."""
    together = max(1, rows_per_call(device, recipe, plan) // 2)
    return max(together, _MOST_CAST) if recipe.cast else together


def rows_per_call(device: str, recipe: Recipe, plan: MemoryPlan | None = None) -> int:
    """How many latents go through the network together: at least the two of one guided picture.

    One, where the noise is a device's own: that mode is for pictures of DiffSynth's pipeline, which passes each alone,
    and in half precision a batch of two has other last bits.
    """
    if recipe.noise != "cpu":
        return 1
    pixels = _PIXELS_PER_CALL["cpu" if device == "cpu" else "gpu"]
    most = _MOST_ROWS if plan is None else plan.rows
    return max(2, min(most, pixels // (recipe.width * recipe.height)))


def _parts(positions: Sequence[int], most: int) -> list[Sequence[int]]:
    return [positions[start : start + most] for start in range(0, len(positions), most)]


def _shared(recipe: Recipe) -> tuple[object, ...]:
    loras = tuple((part.sha256, part.strength) for part in recipe.loras)
    controls = tuple((part.kind, part.weights_hash, part.weight, part.begin, part.end) for part in recipe.controls)
    return (
        recipe.family,
        recipe.weights_hash,
        recipe.precision,
        recipe.sampler,
        recipe.steps,
        recipe.width,
        recipe.height,
        recipe.noise,
        # A step has all of a batch's second rows or none: how many go together can change last bits.
        recipe.guidance,
        recipe.skipped_steps,
        # The spot decides the size that is painted; tries of one spot go together.
        None if recipe.mend is None else (recipe.mend.reference, recipe.mend.mask, recipe.mend.inpainting),
        loras,
        bool(recipe.cast),
        controls,
    )
