"""`board`: what a story's panels show, and the board as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from story_engine import flows
from story_engine.cli.call import story_of
from story_engine.cli.output import answer
from story_engine.cli.report import board_report
from story_engine.domain.presentation import WHOLE_BOARD, Look


def board(
    context: typer.Context,
    story: Annotated[str, typer.Argument(help="Path of a story's YAML file, or its slug.")],
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help=".png: the presentation's picture, as its full screen shows it.")
    ] = None,
    panel: Annotated[int, typer.Option(help="With --out: the panel of this number (1 = first) instead of all.")] = (
        WHOLE_BOARD
    ),
    tall: Annotated[bool, typer.Option("--tall/--wide", help="With --out: for a telephone, or for a screen.")] = False,
    dark: Annotated[bool, typer.Option("--dark/--light", help="With --out: the colours.")] = False,
) -> None:
    """Panels, takes, files, scores, picks, seeds. Example: python -m story_engine board singer --out board.png"""
    services, slug = story_of(context, story)
    report, text = board_report(services, slug)
    if out is not None:
        look = Look(shape="tall" if tall else "wide", theme="dark" if dark else "light")
        report["file"] = text = str(flows.presentation.write(services, slug, out.resolve(), panel, look))
    answer(context, report, text)
