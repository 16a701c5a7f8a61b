"""The trash of the first versions: a folder per kind, each with a layout of its own. What lies there is found here."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from story_engine.domain.disk import TrashKind
from story_engine.store.layout import Layout

STORY_HEAD, STORY_HISTORY, STORY_COPY = "story.yaml", "history", ".damaged-"
DATASET, RUN, LORA = "dataset", "run", "lora"
_SEPARATOR = "~"
_TAKE_ENDINGS = (".json", ".png", ".jpg")


@dataclass(frozen=True, slots=True)
class OldPlace:
    """Something that an earlier version threw away."""

    place: Path
    kind: TrashKind
    name: str
    title: str
    deleted_at: datetime
    parts: tuple[tuple[str, Path], ...]
    """Name of the part in today's layout, and where it lies."""


def old_places(layout: Layout) -> Iterator[OldPlace]:
    """Everything that lies in the old layout, whole or half brought in."""
    kinds: tuple[tuple[TrashKind, Path], ...] = (
        ("story", layout.stories / ".trash"),
        ("dataset", layout.workspace / "dataset-trash"),
        ("run", layout.workspace / "run-trash"),
        ("lora", layout.workspace / "lora-trash"),
        ("take", layout.trash),
    )
    for kind, folder in kinds:
        for place in _folders(folder):
            parts = tuple(_parts(kind, place))
            if parts:
                name = _take_name(parts) if kind == "take" else place.name.rpartition(_SEPARATOR)[0]
                yield OldPlace(place, kind, name, name, _deleted_at(place), parts)


def kind_of_parts(parts: Sequence[str]) -> tuple[TrashKind | None, str]:
    """What an entry is whose description is lost, and a name for it."""
    if STORY_HEAD in parts or STORY_HISTORY in parts:
        return "story", "story"
    for kind in ("dataset", "run", "lora"):
        if any(part.partition(".")[0] == kind for part in parts):
            return kind, kind
    take = next((part for part in parts if part.endswith(".json")), None)
    if take is None:
        return None, ""
    name = take.removesuffix(".json")
    return ("takes" if "." in name else "take"), name


def _folders(folder: Path) -> list[Path]:
    """In the trash of takes a place has no separator; in the others everything has one."""
    with contextlib.suppress(OSError):
        return [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    return []


def _parts(kind: TrashKind, place: Path) -> Iterator[tuple[str, Path]]:
    if kind == "take":
        yield from _take_parts(place)
    elif _SEPARATOR not in place.name:
        return
    elif kind == "story":
        for path in sorted(place.iterdir(), reverse=True):  # the head before the history
            if path.name in (STORY_HEAD, STORY_HISTORY) or STORY_COPY in path.name:
                yield path.name, path
    elif kind == "lora":
        for path in sorted(place.iterdir()):
            yield (LORA if path.is_dir() else f"{LORA}{path.suffix}"), path
    else:
        index = {"dataset": "dataset.json", "run": "spec.json"}[kind]
        if (place / index).is_file():
            yield kind, place


def _take_parts(place: Path) -> Iterator[tuple[str, Path]]:
    """A record with its pictures, straight in the place: today's entries have nothing there but their description."""
    for path in sorted(place.iterdir()):
        if path.suffix in _TAKE_ENDINGS and path.stem.isalnum() and path.name != "entry.json" and path.is_file():
            yield path.name, path


def _take_name(parts: tuple[tuple[str, Path], ...]) -> str:
    return parts[0][0].rpartition(".")[0]


def _deleted_at(place: Path) -> datetime:
    """When it was moved here: a rename sets the change time of a folder, and leaves its modification time."""
    stat = place.stat()
    return datetime.fromtimestamp(max(stat.st_mtime, stat.st_ctime), UTC)
