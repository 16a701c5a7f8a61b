"""`python -m story_engine replace`: one word everywhere, looked at first, without a browser."""

from __future__ import annotations

from typing import Annotated

import typer

from story_engine import flows
from story_engine.cli.call import story_of
from story_engine.cli.output import answer
from story_engine.domain.replace import SCOPES, Replacement
from story_engine.domain.search import Search


def replace(
    context: typer.Context,
    story: Annotated[str, typer.Argument(help="Path of a story's YAML file, or its slug.")],
    find: Annotated[str, typer.Argument(help="The word as it is.")],
    put: Annotated[str, typer.Argument(help="What it becomes; an empty text takes it away.")],
    scopes: Annotated[list[str] | None, typer.Option("--in", help=f"{', '.join(SCOPES)}; may be repeated.")] = None,
    match_case: Annotated[bool, typer.Option("--match-case", help="“Cat” is not “cat”.")] = False,
    match_width: Annotated[bool, typer.Option("--match-width", help="Full width is not half width.")] = False,
    whole_words: Annotated[bool, typer.Option("--whole-words", help="“cat” is not in “category”.")] = False,
    commit: Annotated[bool, typer.Option("--commit", help="Change the story; without it, only show.")] = False,
) -> None:
    """Find and replace in all scenes. Example: python -m story_engine replace singer 粉色 红色 --in prompts --commit"""
    services, slug = story_of(context, story)
    search = Search(find=find, put=put, match_case=match_case, match_width=match_width, whole_words=whole_words)
    seen = flows.replace.preview(services, slug, search, scopes or SCOPES)
    report: dict[str, object] = {
        "story": slug,
        "changes": [each.model_dump(exclude={"edit"}) for each in seen.replacements],
        "kept_references": seen.kept,
        "committed": commit and bool(seen.replacements),
    }
    lines = [line for each in seen.replacements for line in _lines(each)]
    if seen.kept:
        lines.append(f"{seen.kept} inside of references such as {{girl}} stay as they are")
    if commit and seen.replacements:
        report["revision"] = flows.replace.replace(services, slug, seen).revision
    count = sum(each.count for each in seen.replacements)
    lines.append(f"{count} in {len(seen.replacements)} texts" + ("" if report["committed"] else "; nothing is changed"))
    answer(context, report, "\n".join(lines))


def _lines(change: Replacement) -> list[str]:
    way = ".".join(filter(None, (change.place.scene, change.place.field, *change.place.part)))
    return [f"{way}:", f"  - {change.before}", f"  + {change.after}"]
