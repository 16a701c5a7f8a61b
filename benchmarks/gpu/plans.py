"""Each memory plan under a cap: what it predicts, and what the device holds at its peak."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from benchmarks.gpu.bench import Bench
from benchmarks.gpu.painting import plan_text
from benchmarks.gpu.results import Result
from story_engine.config import LIMIT_VARIABLE
from story_engine.domain.family import GIB
from story_engine.inference.device_memory import DeviceMemory

_STEPS = 4
_PANELS = 8


@contextmanager
def capped(bench: Bench, cap_gib: float) -> Iterator[float]:
    """A card of that size: the Studio is told so, and the allocator hands out no more. Gives the driver's own bytes."""
    context = _context_bytes(bench)
    os.environ[LIMIT_VARIABLE] = str(cap_gib - context / GIB)
    if bench.is_gpu:
        total = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, (cap_gib * GIB - context) / total))
    try:
        yield context
    finally:
        del os.environ[LIMIT_VARIABLE]


def against(bench: Bench, predicted_bytes: float, context: float) -> tuple[str, dict[str, float]]:
    """What the device held at its peak, the driver's own included, beside what was predicted: in words and figures."""
    figures = {"predicted_gib": predicted_bytes / GIB}
    if not bench.is_gpu:
        return "", figures
    held = (torch.cuda.max_memory_reserved() + context) / GIB
    figures |= {"held_gib": held, "context_gib": context / GIB}
    predicted = figures["predicted_gib"]
    return f"predicted {predicted:.2f}, held {held:.2f} GiB (predicted / held {predicted / held:.2f})", figures


def under_cap(bench: Bench, cap_gib: float) -> Result:
    """A board in a few steps with so much memory and no more."""
    panels, steps = min(_PANELS, bench.sizes.panels), min(_STEPS, bench.sizes.steps)
    with capped(bench, cap_gib) as context:
        plan = DeviceMemory(bench.device).plan(bench.recipes("计划", steps=steps, panels=panels))
        renderer = bench.renderer()
        first = bench.timed(lambda: renderer.render(bench.recipes(f"{cap_gib:g}", steps=1, panels=panels)))
        whole = bench.timed(lambda: renderer.render(bench.recipes(f"{cap_gib:g} 再", steps=steps, panels=panels)))
        remarks = renderer.remarks_on(0)
    assert plan is not None
    compared, figures = against(bench, plan.peak_bytes, context)
    said = [plan_text(renderer), compared]
    if "out_of_memory" in remarks:
        said.append(f"fell back from: {remarks['out_of_memory']}")
    said.append(f"{panels} panels in {steps} steps, loading included where the plan loads anew")
    return Result(
        f"{cap_gib:g} GB card",
        seconds=whole,
        step_seconds=(whole - first) / (steps - 1) if steps > 1 else whole,
        peak_gib=bench.peak_gib(),
        said="; ".join(filter(None, said)),
        figures=figures | {"plan": plan.model_dump(mode="json"), "remarks": remarks},
    )


def _context_bytes(bench: Bench) -> float:
    """That the driver takes for itself: on the device, and of no allocator."""
    if not bench.is_gpu:
        return 0.0
    torch.zeros(1, device=bench.device)
    free, total = torch.cuda.mem_get_info()
    return float(total - free - torch.cuda.memory_reserved())
