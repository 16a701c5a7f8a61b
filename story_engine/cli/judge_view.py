"""`judge-view`: one HTML file for the live defence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from story_engine import flows
from story_engine.cli.call import story_of
from story_engine.cli.output import answer
from story_engine.domain.gate import CHALLENGE_GATE
from story_engine.messages import LANGUAGES


def judge_view(
    context: typer.Context,
    story: Annotated[str, typer.Argument(help="Path of a story's YAML file, or its slug.")],
    out: Annotated[Path, typer.Option(dir_okay=False, help="Where the HTML file goes.")],
    language: Annotated[str, typer.Option(help="The language that it opens in: zh or en; both are in it.")] = "zh",
    threshold: Annotated[float, typer.Option(help="The gate.")] = CHALLENGE_GATE,
) -> None:
    """Write the judge view. Example: python -m story_engine judge-view singer --out judge.html"""
    if language not in LANGUAGES:
        raise typer.BadParameter(f"{language!r} is none of {', '.join(LANGUAGES)}", param_hint="--language")
    services, slug = story_of(context, story)
    path = flows.judge_view.write(services, slug, out.resolve(), language=language, threshold=threshold)
    answer(context, {"story": slug, "judge_view": str(path)}, str(path))
