"""Each memory plan under a cap: what it predicts, and what the device holds at its peak."""

from __future__ import annotations

import os

import torch

from benchmarks.gpu.bench import Bench
from benchmarks.gpu.painting import plan_text
from benchmarks.gpu.results import Result
from story_engine.domain.family import GIB
from story_engine.inference.device_memory import LIMIT_VARIABLE, DeviceMemory

_STEPS = 4
_PANELS = 8


def under_cap(bench: Bench, cap_gib: float) -> Result:
    """A board in a few steps with so much memory and no more; the allocator refuses what goes beyond."""
    context = _context_bytes(bench)
    panels, steps = min(_PANELS, bench.sizes.panels), min(_STEPS, bench.sizes.steps)
    os.environ[LIMIT_VARIABLE] = str(cap_gib - context / GIB)
    if bench.is_gpu:
        total = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, (cap_gib * GIB - context) / total))
    try:
        plan = DeviceMemory(bench.device).plan(bench.recipes("计划", steps=steps, panels=panels))
        renderer = bench.renderer()
        seconds = bench.timed(lambda: renderer.render(bench.recipes(f"{cap_gib:g}", steps=1, panels=panels)))
        whole = bench.timed(lambda: renderer.render(bench.recipes(f"{cap_gib:g} 再", steps=steps, panels=panels)))
        remarks = renderer.remarks_on(0)
    finally:
        del os.environ[LIMIT_VARIABLE]
    assert plan is not None
    peak = bench.peak_gib()
    predicted = plan.peak_bytes / GIB
    said = plan_text(renderer)
    figures = {"predicted_gib": predicted, "plan": plan.model_dump(mode="json"), "remarks": remarks}
    if peak is not None:
        held = (torch.cuda.max_memory_reserved() + context) / GIB
        figures |= {"held_gib": held, "context_gib": context / GIB}
        said += f"; predicted {predicted:.2f}, the device held {held:.2f} GiB (predicted / held {predicted / held:.2f})"
    if "out_of_memory" in remarks:
        said += f"; fell back from: {remarks['out_of_memory']}"
    return Result(
        f"{cap_gib:g} GB card",
        seconds=whole,
        step_seconds=(whole - seconds) / (steps - 1) if steps > 1 else whole,
        peak_gib=peak,
        said=f"{said}; {panels} panels in {steps} steps, loading included where the plan loads anew",
        figures=figures,
    )


def _context_bytes(bench: Bench) -> float:
    """That the driver takes for itself: on the device, and of no allocator."""
    if not bench.is_gpu:
        return 0.0
    torch.zeros(1, device=bench.device)
    free, total = torch.cuda.mem_get_info()
    return float(total - free - torch.cuda.memory_reserved())
