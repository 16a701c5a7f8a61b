"""`python -m story_engine doctor`: whether this machine is set up, in the language of whoever asks."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.cli.output import answer
from story_engine.config import read_config
from story_engine.messages import LANGUAGES, message

_MARKS = {"ok": "ok     ", "warning": "WARNING", "problem": "PROBLEM"}


def doctor(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="The name in the browser's address bar.")] = None,
    port: Annotated[int, typer.Option(help="Where the pages are served.")] = 8501,
    language: Annotated[str, typer.Option("--lang", help=f"{' or '.join(LANGUAGES)}.")] = "en",
) -> None:
    """Say what is wrong with the set-up and what to do. Example: python -m story_engine doctor --host lab.example.cn"""
    checks = flows.doctor.examine(read_config(context.obj.workspace), open_services, port=port, host=host)
    spoken = language if language in LANGUAGES else "en"
    lines = [f"{_MARKS[each.state]} {each.name:<10} {message(each.code, spoken, **each.values)}" for each in checks]
    report = [asdict(each) | {"text": message(each.code, spoken, **each.values)} for each in checks]
    answer(context, {"checks": report}, "\n".join(lines))
    if any(each.state == "problem" for each in checks):
        raise typer.Exit(1)
