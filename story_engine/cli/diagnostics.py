"""`python -m story_engine diagnostics`: what helps others to help, without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from story_engine import flows
from story_engine.cli.call import services_of
from story_engine.cli.output import answer


def diagnostics(
    context: typer.Context,
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Where the zip goes; by default the bundles.")
    ] = None,
) -> None:
    """Zip logs and facts, secrets taken out. Example: python -m story_engine diagnostics --out help.zip"""
    path = flows.diagnostics.save_diagnostics(services_of(context), None if out is None else out.resolve())
    answer(context, {"diagnostics": str(path)}, str(path))
