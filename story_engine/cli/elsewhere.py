"""`python -m story_engine export-to`: the board for another tool, without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from story_engine import flows
from story_engine.cli.call import scene_id, story_of
from story_engine.cli.output import answer
from story_engine.flows.elsewhere import TOOLS
from story_engine.messages import message
from story_engine.store.atomic import write_bytes


def export_to(
    context: typer.Context,
    story: Annotated[str, typer.Argument(help="Path of a story's YAML file, or its slug.")],
    tool: Annotated[str, typer.Argument(help=", ".join(TOOLS))],
    scene: Annotated[str | None, typer.Option(help="Number (1 = first) or id; all panels without it.")] = None,
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="Where the file goes; by default here.")] = None,
) -> None:
    """Write the board for another tool. Example: python -m story_engine export-to singer comfyui-mz"""
    services, slug = story_of(context, story)
    chosen = None if scene is None else scene_id(services, slug, scene)
    made = flows.elsewhere.take_elsewhere(services, slug, tool=tool, scene=chosen)
    path = (out or Path(made.name)).resolve()
    write_bytes(path, made.content)
    notes = [message(each.code, "en", **each.values) for each in made.differences]
    answer(context, {"story": slug, "file": str(path), "differences": notes}, "\n".join([str(path), *notes]))
