"""`models plan`: how much memory painting needs here, and what is done so that it suffices."""

from __future__ import annotations

from typing import Annotated

import typer

from story_engine import flows
from story_engine.cli.call import services_of
from story_engine.cli.output import answer

_GIB = 2**30


def plan(
    context: typer.Context,
    family: Annotated[str, typer.Argument(help="A model family, such as kolors.")] = "kolors",
    width: Annotated[int | None, typer.Option(help="Pixels; the family's own size otherwise.")] = None,
    height: Annotated[int | None, typer.Option(help="Pixels.")] = None,
) -> None:
    """What of a model is in memory at one time. Example: python -m story_engine models plan kolors --width 1024"""
    found = flows.memory.view(services_of(context), family, width=width, height=height)
    if found is None:
        answer(context, {"family": family, "plan": None}, f"{family} fits into any machine's memory")
        return
    report = {
        "family": family,
        "plan": found.plan.model_dump(),
        "peak_bytes": found.plan.peak_bytes,
        "free_bytes": found.free_bytes,
        "is_gpu": found.is_gpu,
        "fits": found.fits,
    }
    stages = (("encoding", found.plan.encoding_bytes), ("denoising", found.plan.denoising_bytes))
    lines = [f"{found.plan.text}; {'GPU' if found.is_gpu else 'main'} memory, {found.free_bytes / _GIB:.1f} GiB free"]
    lines += [
        f"    {stage:<10} {size / _GIB:>6.1f} GiB" for stage, size in (*stages, ("decoding", found.plan.decoding_bytes))
    ]
    if not found.fits:
        lines.append("more than is free: if it runs out, the work goes on once with less")
    answer(context, report, "\n".join(lines))
