"""`python -m story_engine compare STORY`: one scene over two axes, and the grid as one picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from story_engine import flows
from story_engine.cli.call import scene_id, story_of
from story_engine.cli.output import answer
from story_engine.cli.wait import wait_for
from story_engine.domain.sweep import AXES
from story_engine.errors import FixInput, InvalidInput
from story_engine.flows.sweep_view import SweepView
from story_engine.flows.sweep_words import value_name
from story_engine.store.atomic import write_bytes

_AXIS_HELP = f"AXIS=VALUES; AXIS is one of {', '.join(AXES)}. Values: 0,1,2 or 0-7 or 0-1 (+0.25) or 0-1 [5]."


def compare(
    context: typer.Context,
    story: Annotated[str, typer.Argument(help="Path of a story's YAML file, or its slug.")],
    scene: Annotated[str, typer.Option(help="Number (1 = first) or id.")],
    x: Annotated[str, typer.Option(help=_AXIS_HELP)],
    y: Annotated[str | None, typer.Option(help="The same, for the rows.")] = None,
    lora: Annotated[str, typer.Option(help="Whose strength, if not the scene's first LoRA.")] = "",
    run: Annotated[str, typer.Option("--run", help="Id of the training whose checkpoints are compared.")] = "",
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="Where the labelled grid goes, a PNG.")] = None,
    language: Annotated[str, typer.Option(help="Of its labels: en or zh.")] = "en",
) -> None:
    """Paint a grid of one scene. Example: python -m story_engine compare singer --scene 1 --x seed=0-3 --out g.png"""
    if language not in ("en", "zh"):
        raise typer.BadParameter(f"{language!r} is not en or zh", param_hint="--language")
    services, slug = story_of(context, story)
    chosen = scene_id(services, slug, scene)
    reading = flows.sweep_read.read(
        services, slug, chosen, x=_axis(x, "--x"), y=_axis(y, "--y") if y is not None else None, lora=lora, run=run
    )
    if reading.sweep is None:
        raise InvalidInput(reading.problems)
    submitted = flows.sweep.paint(services, slug, reading.sweep)
    while (view := flows.sweep_view.view_of(services, slug, reading.sweep)).jobs:
        wait_for(services, view.jobs[0].id)
    report: dict[str, object] = {"story": slug, "scene": chosen, "found": submitted.found, "made": submitted.queued}
    report |= _report(view)
    lines = _lines(view)
    if out is not None:
        write_bytes(out.resolve(), flows.sweep_picture.picture(services, slug, reading.sweep, language=language))
        report["picture"] = str(out.resolve())
        lines.append(str(out))
    answer(context, report, "\n".join(lines))
    if view.missing:
        raise FixInput("sweep.not_all_painted", missing=view.missing, all=view.pictures)


def _axis(text: str, option: str) -> tuple[str, str]:
    kind, sign, values = text.partition("=")
    if not sign:
        raise typer.BadParameter(f"{text!r} is not AXIS=VALUES, such as seed=0-3", param_hint=option)
    return kind.strip().replace("-", "_"), values


def _report(view: SweepView) -> dict[str, object]:
    cells = [
        {
            "given": cell.given,
            "take": cell.recipe.digest,
            "state": cell.state,
            "score": cell.score,
            "is_best": cell.is_best,
            "file": str(cell.picture) if cell.take is not None else None,
        }
        for row in view.rows
        for cell in row
    ]
    return {"scorer": view.scorer, "scorer_version": view.scorer_version, "cells": cells}


def _lines(view: SweepView) -> list[str]:
    lines = [f"{view.story}: {view.pictures} pictures ({view.scorer} scorer)"]
    for row in view.rows:
        for cell in row:
            given = ", ".join(f"{kind} {value_name(kind, value, 'en')}" for kind, value in cell.given.items())
            score = "–" if cell.score is None else f"{cell.score:.2f}"
            lines.append(
                f"  {given:<40} {score:>6} {'*' if cell.is_best else ' '} {cell.recipe.digest[:8]} {cell.state}"
            )
    return lines
