"""`python -m story_engine coherence STORY`: how the chosen panels hold together."""

from __future__ import annotations

from typing import Annotated

import typer

from story_engine import flows
from story_engine.cli.call import story_of
from story_engine.cli.output import answer
from story_engine.cli.wait import wait_for


def coherence(
    context: typer.Context,
    story: Annotated[str, typer.Argument(help="Path of a story's YAML file, or its slug.")],
    language: Annotated[str, typer.Option(help="Of the sentences: en or zh.")] = "en",
    render: Annotated[
        bool, typer.Option("--render", help="First paint what the comparisons lack: second takes, and without LoRA.")
    ] = False,
) -> None:
    """How the panels hold together. Example: python -m story_engine coherence singer --json"""
    if language not in ("en", "zh"):
        raise typer.BadParameter(f"{language!r} is not en or zh", param_hint="--language")
    services, slug = story_of(context, story)
    if render:
        for kind in flows.coherence.missing_kinds(services, slug):
            submitted = flows.coherence.render_for(services, slug, kind)
            if submitted.job is not None:
                wait_for(services, submitted.job)
    looked = flows.coherence.look(services, slug)
    if looked.job is not None:
        wait_for(services, looked.job)
    opened = flows.panels.open_story(services, slug)
    report = flows.coherence.report(services, opened)
    remarks = flows.coherence_words.remarks(report, uses_lora=flows.coherence.uses_lora(opened))
    told = [{"code": each.code, "is_warning": each.is_warning, "text": each.text(language)} for each in remarks]
    rows = "\n".join(
        f"{panel.number:>3}  " + "  ".join(f"{value:5.2f}" for value in row) + f"  {panel.title}"
        for panel, row in zip(report.panels, report.distances, strict=True)
    )
    listed = "\n".join(f"{'!' if each.is_warning else '-'} {each.text(language)}" for each in remarks)
    answer(context, report.model_dump(mode="json") | {"remarks": told}, f"{rows}\n{listed}")
