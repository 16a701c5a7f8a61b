"""`comic`: contact sheet and comic pages as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from story_engine import flows
from story_engine.cli.call import story_of
from story_engine.cli.output import answer, remark
from story_engine.domain.comic import CAPTIONS, LAYOUTS, PAPERS, SHEETS
from story_engine.domain.finding import Finding
from story_engine.messages import message


def comic(
    context: typer.Context,
    story: Annotated[str, typer.Argument(help="Path of a story's YAML file, or its slug.")],
    out: Annotated[
        list[Path] | None, typer.Option(dir_okay=False, help=".pdf or .png: comic pages; .jpg: sheet. May be repeated.")
    ] = None,
    layout: Annotated[str | None, typer.Option(help=f"One of {', '.join(LAYOUTS)}.")] = None,
    paper: Annotated[str | None, typer.Option(help=f"One of {', '.join(PAPERS)}.")] = None,
    landscape: Annotated[bool | None, typer.Option("--landscape/--portrait")] = None,
    per_page: Annotated[int | None, typer.Option(help="Most panels on a page; 0: what fits well.")] = None,
    title: Annotated[
        bool | None, typer.Option("--title/--no-title", help="The story's title on the first page.")
    ] = None,
    scene_titles: Annotated[bool | None, typer.Option("--scene-titles/--no-scene-titles")] = None,
    captions: Annotated[str | None, typer.Option(help=f"One of {', '.join(CAPTIONS)}.")] = None,
    bubbles: Annotated[bool | None, typer.Option("--bubbles/--no-bubbles")] = None,
    vertical: Annotated[bool | None, typer.Option("--vertical/--horizontal", help="Direction of the text.")] = None,
    system_fonts: Annotated[
        bool | None, typer.Option("--system-fonts/--shipped-fonts", help="For characters that the shipped fonts lack.")
    ] = None,
    sheet: Annotated[str | None, typer.Option(help=f"Contact sheet: one of {', '.join(SHEETS)}.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Remember these options for the story.")] = False,
) -> None:
    """Comic pages and contact sheet. Example: python -m story_engine comic singer --out page.pdf --out sheet.jpg"""
    services, slug = story_of(context, story)
    services.stories.load(slug)
    given = {
        "layout": layout,
        "paper": paper,
        "landscape": landscape,
        "title": title,
        "scene_titles": scene_titles,
        "captions": captions,
        "bubbles": bubbles,
        "vertical": vertical,
        "system_fonts": system_fonts,
        "sheet": sheet,
    }
    changes: dict[str, object] = {name: value for name, value in given.items() if value is not None}
    if per_page is not None:
        changes["per_page"] = per_page or None
    chosen = flows.comic.options(services, slug).model_copy(update=changes)
    if keep:
        flows.comic.choose(services, slug, **changes)
    files: list[Path] = []
    findings: dict[tuple[str, str], Finding] = {}
    for path in out or []:
        written, found = flows.comic.write(services, slug, path.resolve(), chosen)
        files += written
        findings |= {(each.code, str(each.values)): each for each in found}
    for each in findings.values():
        remark(message(each.code, "en", **each.values))
    report = {
        "story": slug,
        "options": chosen.model_dump(),
        "files": [str(path) for path in files],
        "findings": [each.model_dump(exclude_defaults=True) for each in findings.values()],
    }
    answer(context, report, "\n".join(map(str, files)) or chosen.model_dump_json(indent=1))
