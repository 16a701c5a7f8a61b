"""Where things are and how the engine behaves: read once from the environment at each entry point."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from story_engine.errors import FixInput

PROJECT_FOLDER = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Settings of one running Studio."""

    workspace: Path
    """Everything generated. STORY_STUDIO_WORKSPACE moves it."""
    stories: Path
    """Authored stories, YAML. STORY_STUDIO_STORIES moves it."""
    user: str = "me"
    """Whose jobs these are, for fair share. STORY_STUDIO_USER."""
    threads: int = 0
    """Torch threads of the render child; 0 = one per physical core, at most 4. STORY_STUDIO_THREADS."""


def read_config(workspace: Path | None = None) -> Config:
    """The configuration of this process: argument before environment before default.

    Raises:
        FixInput: a variable of the environment cannot be used.
    """
    return Config(
        workspace=(workspace or Path(os.environ.get("STORY_STUDIO_WORKSPACE", PROJECT_FOLDER / "workspace"))).resolve(),
        stories=Path(os.environ.get("STORY_STUDIO_STORIES", PROJECT_FOLDER / "stories")).resolve(),
        user=os.environ.get("STORY_STUDIO_USER", "me"),
        threads=_threads(os.environ.get("STORY_STUDIO_THREADS", "0")),
    )


def _threads(given: str) -> int:
    if not given.isdecimal():
        raise FixInput("errors.not_a_count", name="STORY_STUDIO_THREADS", value=given[:60])
    return int(given)
