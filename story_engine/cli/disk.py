"""`python -m story_engine disk`: what takes up how much, and cleaning up, without a browser."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from story_engine import flows
from story_engine.cli.call import services_of
from story_engine.cli.output import answer
from story_engine.domain.disk import DiskUse

_MOST_NAMED = 12


def disk(
    context: typer.Context,
    clean: Annotated[bool, typer.Option("--clean", help="Throw away what is listed under “can go”.")] = False,
) -> None:
    """What takes up how much, and what can go. Example: python -m story_engine disk --clean"""
    services = services_of(context)
    use = flows.disk.measure(services)
    report = _report(use)
    lines = _lines(use)
    if clean:
        freed = flows.disk.clean_now(services, [each.kind for each in use.cleanups])
        use = flows.disk.measure(services)
        report = _report(use) | {"cleaned": report["can_go"], "freed_bytes": freed}
        lines.append(f"freed {_size(freed)}; {_size(use.free_bytes)} are free now")
    answer(context, report, "\n".join(lines))


def _report(use: DiskUse) -> dict[str, object]:
    return {
        "free_bytes": use.free_bytes,
        "total_bytes": use.total_bytes,
        "size_bytes": use.size_bytes,
        "parts": [asdict(part) for part in use.parts],
        "stories": [asdict(story) for story in use.stories],
        "can_go": [asdict(each) for each in use.cleanups],
        "trash": [room.entry.model_dump() | {"size_bytes": room.size_bytes} for room in use.trash],
    }


def _lines(use: DiskUse) -> list[str]:
    lines = [f"{_size(use.size_bytes)} in use, {_size(use.free_bytes)} of {_size(use.total_bytes)} free"]
    lines += [f"  {part.name:<12} {_size(part.size_bytes):>9}  {part.count}" for part in use.parts]
    lines.append("can go:" if use.cleanups else "can go: nothing")
    for each in use.cleanups:
        named = ", ".join(each.names[:_MOST_NAMED]) + (", …" if len(each.names) > _MOST_NAMED else "")
        lines.append(f"  {each.kind:<12} {_size(each.size_bytes):>9}  {each.count}  {named}".rstrip())
    return lines


def _size(size_bytes: int) -> str:
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.1f} {unit}"
    return f"{size_bytes} B"
