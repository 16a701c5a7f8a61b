"""Bringing pictures into a dataset, as a page sees it."""

from __future__ import annotations

from dataclasses import dataclass

from story_engine.domain.job import Progress

SAMPLE_STYLES = ("ink", "crayon", "papercut")
"""Styles of the ready sample sets: three that the shipped stories are not drawn in."""
SAMPLE_PICTURES = 24
ACTIVE = frozenset({"starting", "running"})


@dataclass(frozen=True, slots=True)
class Refused:
    """One file that was not taken in: its name, and why as a message code with values."""

    name: str
    code: str
    values: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureImport:
    """The last import of a dataset."""

    id: str
    state: str
    """"starting", "running", "done", "failed", "cancelled", or "interrupted" when its process is gone."""
    progress: Progress
    added: int
    same: int
    """Pictures that the dataset had already."""
    captions: int
    """Captions of pictures that were there already, read from metadata files."""
    refused: tuple[Refused, ...]
    error_code: str | None = None
    error_values: dict[str, object] | None = None

    @property
    def is_active(self) -> bool:
        """Starting or running."""
        return self.state in ACTIVE
