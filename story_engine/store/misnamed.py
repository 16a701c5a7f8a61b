"""Story files whose own name cannot be used: they were put on the shelf by hand, and are shown with the way out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from story_engine.domain.findings import shown
from story_engine.domain.safe_name import name_fault
from story_engine.errors import InvalidInput, Problem
from story_engine.store.names import slug_from


@dataclass(frozen=True, slots=True)
class Misnamed:
    """One file with what is wrong about its name."""

    name: str
    """For people: without anything invisible."""
    problem: InvalidInput
    free_slug: str
    """What it could be called."""
    updated_at: float
    """Seconds since the epoch."""


def misnamed(folder: Path, *, is_taken: Callable[[str], bool]) -> tuple[Misnamed, ...]:
    """The story files of `folder` that have no fit name, in alphabetical order; hidden ones are nobody's stories."""
    found: list[Misnamed] = []
    given: set[str] = set()
    for path in sorted(folder.glob("*.yaml")):
        fault = name_fault(path.stem)
        if fault is None or path.name.startswith("."):
            continue
        code, values = fault
        free = slug_from(path.stem, is_taken=lambda slug: slug in given or is_taken(slug))
        given.add(free)
        where = f"{folder.name}/{shown(path.name)}"
        problem = InvalidInput((Problem(code, where, {key: _readable(value) for key, value in values.items()}),))
        found.append(Misnamed(shown(path.stem), problem, free, path.stat().st_mtime))
    return tuple(found)


def _readable(value: object) -> object:
    return shown(value) if isinstance(value, str) else value
