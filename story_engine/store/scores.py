"""Scores by picture hash: one append-only file per scorer and version, so that rescoring adds and never rewrites."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import ValidationError

from story_engine.domain.take import Score
from story_engine.store.append_only import append_lines, entries_of
from story_engine.store.layout import Layout


class ScoreStore:
    """All scores of a workspace."""

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.scores

    def scores(self, scorer: str, version: str) -> dict[str, float]:
        """Picture SHA-256 → score by this scorer of this version. A line torn by a crash is passed over."""
        return entries_of(self._path(scorer, version), _read)

    def stamp(self, scorer: str, version: str) -> str:
        """Differs as soon as a score of this scorer and version was added."""
        path = self._path(scorer, version)
        try:
            stat = path.stat()
        except OSError:
            return f"{path.stem}:0"
        return f"{path.stem}:{stat.st_size}:{stat.st_mtime_ns}"

    def add(self, scores: Sequence[Score]) -> None:
        """Append scores; each line is on disk before the call returns.

        Raises:
            Wait: they cannot be written. They can be made again at any time.
        """
        for (scorer, version), group in _grouped(scores).items():
            append_lines(self._path(scorer, version), [score.model_dump_json() for score in group])

    def _path(self, scorer: str, version: str) -> Path:
        return self._folder / f"{scorer}-{version}.jsonl"


def _read(lines: Iterable[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for line in lines:
        try:
            score = Score.model_validate_json(line)
        except ValidationError:
            continue
        found[score.picture_sha256] = score.value
    return found


def _grouped(scores: Sequence[Score]) -> dict[tuple[str, str], list[Score]]:
    groups: dict[tuple[str, str], list[Score]] = {}
    for score in scores:
        groups.setdefault((score.scorer, score.scorer_version), []).append(score)
    return groups
