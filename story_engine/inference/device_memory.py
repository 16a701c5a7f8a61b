"""The memory of the device that paints: how much is free, and the plan that follows from it."""

from __future__ import annotations

from collections.abc import Sequence

import psutil
import torch

from story_engine.catalog import devices
from story_engine.catalog.families import description
from story_engine.domain.family import GIB
from story_engine.domain.memory_plan import MemoryPlan, Painting, leaner, plan_for
from story_engine.domain.recipe import Recipe

_HALVES = ("float16", "bfloat16")
_IMPORTS_BYTES = 1.2 * GIB
"""Of a process that has loaded torch and diffsynth, and no model."""


class DeviceMemory:
    """Plans for one device; after memory ran out, leaner ones than the estimate asks for.

    Args:
        device: "cpu" or "cuda".
        limit_bytes: use no more of it; None: what the environment says, else all that is free.
    """

    def __init__(self, device: str, *, limit_bytes: float | None = None) -> None:
        self._device, self._limit_bytes = device, limit_bytes or devices.limit_bytes()
        self._lean: dict[str, MemoryPlan] = {}
        self._plans: dict[tuple[str, Painting], MemoryPlan] = {}

    @property
    def is_gpu(self) -> bool:
        """Whether it is a GPU."""
        return self._device.startswith("cuda")

    def look_again(self) -> None:
        """From now on plans are made for what is free now."""
        self._plans = {}

    def plan(self, recipes: Sequence[Recipe]) -> MemoryPlan | None:
        """How recipes of one family and precision are painted; None for a family that always fits.

        The same until `look_again`: what is painted together and how come of one look at the memory.
        """
        first = recipes[0]
        figures = description(first.family).painting
        if figures is None:
            return None
        asked = self._asked(recipes)
        key = (first.family, asked.model_copy(update={"host_bytes": 0.0}))
        if key not in self._plans:
            self._plans[key] = plan_for(figures, asked, free_bytes=self.free_bytes())
        plan, lean = self._plans[key], self._lean.get(first.family)
        return lean if lean is not None and lean.peak_bytes < plan.peak_bytes else plan

    def leaner(self, plan: MemoryPlan, recipes: Sequence[Recipe]) -> MemoryPlan | None:
        """The plan after one that ran out of memory, kept to from now on; None where there is none."""
        first = recipes[0]
        figures = description(first.family).painting
        following = None if figures is None else leaner(plan, figures, self._asked(recipes))
        if following is not None:
            self._lean[first.family] = following
        return following

    def free_bytes(self) -> float:
        """What is free on the device, with what this process holds of it."""
        if self.is_gpu:
            free = float(torch.cuda.mem_get_info()[0] + torch.cuda.memory_reserved())
        else:
            own = max(0.0, psutil.Process().memory_info().rss - _IMPORTS_BYTES)
            free = devices.main_memory_free() + own
        return min(free, self._limit_bytes or free)

    def _asked(self, recipes: Sequence[Recipe]) -> Painting:
        return Painting(
            pixels=max(recipe.width * recipe.height for recipe in recipes),
            is_half=recipes[0].precision in _HALVES,
            is_gpu=self.is_gpu,
            host_bytes=float(devices.main_memory_free()),
            controls=frozenset(
                part.kind for recipe in recipes for each in (recipe, *recipe.anchors) for part in each.controls
            ),
        )
