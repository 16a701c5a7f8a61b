"""Bringing pictures into a dataset, as a page sees it."""

from __future__ import annotations

from dataclasses import dataclass

from story_engine.domain.job import Progress

SAMPLE_STYLES = ("ink", "crayon", "papercut")
"""Styles of the ready sample sets: three that the shipped stories are not drawn in."""
SAMPLE_PICTURES = 24
NAMES_KEPT = 500
"""Of one kind: of ten thousand wrong files nobody reads more."""
NAMES_SHOWN = 12
ACTIVE = frozenset({"starting", "running"})


@dataclass(frozen=True, slots=True)
class Refused:
    """One file that was not taken in: its name, and why as a message code with values."""

    name: str
    code: str
    values: dict[str, object]


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Captions, rows or files of one kind that an import could not use, or not as they stood."""

    code: str
    """Message code; its text takes `values`."""
    source: str
    """The file or folder that they come from; an encoding where that is what they have in common."""
    count: int
    names: tuple[str, ...]
    """The first NAMES_KEPT of them: pictures, files, or lines of a table."""

    @property
    def values(self) -> dict[str, object]:
        """For the message: the first names in one line."""
        shown = ", ".join(self.names[:NAMES_SHOWN])
        return {
            "source": self.source,
            "count": self.count,
            "names": f"{shown} …" if self.count > NAMES_SHOWN else shown,
        }


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
    """The first of them, by name."""
    refused_count: int = 0
    """All of them."""
    passed_over: tuple[PassedOver, ...] = ()
    """Captions, rows and files that were not used, or not as they stood."""
    error_code: str | None = None
    error_values: dict[str, object] | None = None

    @property
    def is_active(self) -> bool:
        """Starting or running."""
        return self.state in ACTIVE
