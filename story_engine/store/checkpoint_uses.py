"""Which checkpoints of a training are in use: what a story, a comparison or a picked take names must not be deleted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from story_engine.store.layout import Layout
from story_engine.store.loras import CHECKPOINT_MARK
from story_engine.store.trash import Trash

_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2}))")
"""How YAML and JSON may write a letter that is not ASCII."""


def used_steps(layout: Layout, run: str) -> frozenset[int]:
    """Steps of `run` that are named by a story, by a deleted one that can still come back, by a sweep or a picked take.

    Texts are searched rather than understood: a story that is damaged just now keeps its checkpoints too.

    Raises:
        OSError: one of the files cannot be read, so nobody knows what it names.
    """
    named = re.compile(re.escape(run + CHECKPOINT_MARK) + r"0*([0-9]+)(?![0-9])")
    found = {int(step) for path in _texts(layout) for step in named.findall(_text(path))}
    for path in _sweeps(layout):
        found |= _swept_steps(_text(path), run)
    return frozenset(found)


def _texts(layout: Layout) -> Iterator[Path]:
    yield from layout.stories.glob("*.yaml*")
    yield from Trash(layout).files("story", "*.yaml*")
    yield from _sweeps(layout)
    yield from _picked_takes(layout)


def _sweeps(layout: Layout) -> Iterator[Path]:
    return layout.sweeps("*").parent.glob(layout.sweeps("*").name)


def _picked_takes(layout: Layout) -> Iterator[Path]:
    for path in layout.picks("*").parent.glob(layout.picks("*").name):
        with suppress(ValueError, AttributeError):  # damaged by hand: it names nothing that could be found
            for scene, take in json.loads(_text(path)).items():
                yield layout.takes(path.stem, str(scene)) / f"{take}.json"


def _swept_steps(text: str, run: str) -> set[int]:
    """A sweep over checkpoints names its training once, and the steps as values of an axis."""
    found: set[int] = set()

    def visit(value: object) -> None:
        if isinstance(value, list):
            for each in value:
                visit(each)
        elif isinstance(value, dict):
            if value.get("run") == run:
                found.update(_steps_of_axes(value))
            for each in value.values():
                visit(each)

    with suppress(ValueError):
        visit(json.loads(text))
    return found


def _steps_of_axes(sweep: dict[str, object]) -> Iterator[int]:
    for axis in (sweep.get("x"), sweep.get("y")):
        if isinstance(axis, dict) and axis.get("kind") == "checkpoint" and isinstance(axis.get("values"), list):
            yield from (step for step in axis["values"] if isinstance(step, int))


def _text(path: Path) -> str:
    try:
        text = path.read_bytes().decode("utf-8", errors="replace")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):  # deleted, or moved, in this moment
        return ""
    return _ESCAPED.sub(lambda match: chr(int(next(filter(None, match.groups())), 16)), text)
