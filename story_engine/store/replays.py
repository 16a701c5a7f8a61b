"""What came of painting bundles again, kept by the pictures that it is about."""

from __future__ import annotations

from pydantic import ValidationError

from story_engine.domain.replay import ReplayReport
from story_engine.store.atomic import write_bytes
from story_engine.store.layout import Layout


class ReplayStore:
    """The newest report of each set of pictures."""

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.replays

    def keep(self, report: ReplayReport) -> None:
        """Keep a report in place of an earlier one of the same pictures.

        Raises:
            Wait: the disk is full, or the folder cannot be written.
        """
        write_bytes(self._folder / f"{report.key}.json", report.model_dump_json(indent=1).encode())

    def find(self, key: str) -> ReplayReport | None:
        """The report of exactly these pictures (`domain.replay.pictures_key`); None where there is none to be read."""
        try:
            return ReplayReport.model_validate_json((self._folder / f"{key}.json").read_text(encoding="utf-8"))
        except (OSError, ValidationError, UnicodeDecodeError):
            return None
