"""Whose lists of a class have something to do: an empty file each, left by their page and taken by the dispatcher.

One folder is looked into twenty times a second, instead of everybody's list.
"""

from __future__ import annotations

import os
from pathlib import Path

from story_engine.store.folders import make_folder
from story_engine.store.layout import Layout

BELL = "waiting"


def ring(serving: Layout, workspace: Path) -> None:
    """Say that somebody's list has something to do, or may have: it is looked into at once.

    Raises:
        OSError: the class's folder cannot be written.
    """
    folder = serving.workspace / BELL
    make_folder(folder)
    (folder / workspace.parent.name).touch()


def rung(layout: Layout) -> list[Path]:
    """The bells of people who have rung since theirs was taken away."""
    folder = layout.workspace / BELL
    try:
        return [folder / name for name in os.listdir(folder)]  # noqa: PTH208 (names alone, twenty times a second)
    except OSError:
        return []
