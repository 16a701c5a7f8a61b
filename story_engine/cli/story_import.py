"""`python -m story_engine import …`: a story from notebooks, tables, pictures, workflows, prompt files and bundles."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from story_engine import flows
from story_engine.cli.call import services_of
from story_engine.cli.output import answer
from story_engine.domain.shared_wording import SharedWording
from story_engine.flows.imported_files import LARGEST_BUNDLE_BYTES
from story_engine.flows.story_import import Proposal
from story_engine.store.given_file import read_given

_STANDARD_INPUT = "-"
_LONGEST_PASTED = 2_000_000


def bring(
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(help="Notebooks, .py, tables, pictures, workflows, prompt files, bundles; - is pasted."),
    ],
    title: Annotated[str, typer.Option(help="Of the story; made from the file's name where left out.")] = "",
    family: Annotated[str | None, typer.Option(help="preview or kolors; else what the files say.")] = None,
    stand_in: Annotated[
        str | None, typer.Option("--stand-in", help="Family to paint with while the other is not here.")
    ] = None,
    blocks: Annotated[
        bool, typer.Option("--blocks", help="Write shared style, negative and characters once, as proposed.")
    ] = False,
    each_line: Annotated[
        bool, typer.Option("--each-line", help="Make a scene of each pasted line where nothing else can be read.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be made; make nothing.")] = False,
) -> None:
    """Make a story of what you have. Example: python -m story_engine import baseline.ipynb --dry-run"""
    services = services_of(context)
    named = [file for file in files if str(file) != _STANDARD_INPUT]
    text = sys.stdin.read(_LONGEST_PASTED) if len(named) < len(files) else ""
    given = [(file.name, read_given(file, limit=LARGEST_BUNDLE_BYTES)) for file in named]
    proposal = flows.story_import.inspect(services, given, text, each_line=each_line)
    report = _report(proposal)
    lines = _lines(proposal)
    if not dry_run:
        taken = proposal.blocks if blocks else SharedWording()
        slug = flows.story_import.create(
            services, proposal, title=title, family=family, stand_in=stand_in, blocks=taken
        )
        report["story"] = slug
        lines.append(f"→ {slug}")
    answer(context, report, "\n".join(lines))


def _report(proposal: Proposal) -> dict[str, Any]:
    places = proposal.places or ("",) * len(proposal.story.scenes)
    return {
        "title": proposal.title,
        "family": proposal.family,
        "settings": proposal.story.settings.model_dump(exclude_none=True),
        "loras": [use.model_dump() for use in proposal.story.loras],
        "scenes": [
            {"from": place, **scene.model_dump(include={"title", "prompt", "negative", "seed", "caption"})}
            for place, scene in zip(places, proposal.story.scenes, strict=True)
        ],
        "blocks": proposal.blocks.model_dump(),
        "notes": [{"code": each.code, "text": flows.story_import.text_of(each, "en")} for each in proposal.notes],
        "refused": [{"file": name, "reason": str(error)} for name, error in proposal.refused],
        "story": None,
    }


def _lines(proposal: Proposal) -> list[str]:
    lines = [f"{proposal.title or '–'}: {len(proposal.story.scenes)} scenes"]
    for number, scene in enumerate(proposal.story.scenes, start=1):
        lines.append(f"{number}. [{scene.seed}] {scene.title + ': ' if scene.title else ''}{scene.prompt}")
        if scene.negative:
            lines.append(f"   - {scene.negative}")
    blocks = proposal.blocks
    shared = {"negative": blocks.negative, "style": blocks.style}
    lines += [f"shared {name}: {words}" for name, words in shared.items() if words]
    lines += [
        f"character {each.character.id}: {each.character.description} ({len(each.scenes)})"
        for each in blocks.characters
    ]
    lines += [f"* {flows.story_import.text_of(each, 'en')}" for each in proposal.notes]
    return [*lines, *(f"! {error}" for _, error in proposal.refused)]
