"""Scores by picture hash: one append-only file per scorer and version, so that rescoring adds and never rewrites."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from story_engine.domain.take import Score
from story_engine.store.atomic import append_bytes
from story_engine.store.layout import Layout

_LOG = logging.getLogger(__name__)


class ScoreStore:
    """All scores of a workspace."""

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.scores

    def scores(self, scorer: str, version: str) -> dict[str, float]:
        """Picture SHA-256 → score by this scorer of this version. A line torn by a crash is passed over."""
        path = self._path(scorer, version)
        try:
            stat = path.stat()
            return dict(_read(path, stat.st_size, stat.st_mtime_ns))
        except FileNotFoundError:
            return {}
        except OSError as error:
            _LOG.warning("The scores in %s cannot be read: %s", path, error)
            return {}

    def add(self, scores: Sequence[Score]) -> None:
        """Append scores; each line is on disk before the call returns.

        Raises:
            Wait: they cannot be written. They can be made again at any time.
        """
        for (scorer, version), group in _grouped(scores).items():
            path = self._path(scorer, version)
            # A leading newline ends a line that a crash may have left torn.
            lines = "".join(f"\n{score.model_dump_json()}" for score in group) + "\n"
            append_bytes(path, lines.encode())

    def _path(self, scorer: str, version: str) -> Path:
        return self._folder / f"{scorer}-{version}.jsonl"


@lru_cache(maxsize=8)
def _read(path: Path, size_bytes: int, modified_ns: int) -> tuple[tuple[str, float], ...]:
    del size_bytes, modified_ns  # they only make the cache key
    found: dict[str, float] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if not line.strip():
            continue
        try:
            score = Score.model_validate_json(line)
        except ValidationError:
            continue
        found[score.picture_sha256] = score.value
    return tuple(found.items())


def _grouped(scores: Sequence[Score]) -> dict[tuple[str, str], list[Score]]:
    groups: dict[tuple[str, str], list[Score]] = {}
    for score in scores:
        groups.setdefault((score.scorer, score.scorer_version), []).append(score)
    return groups
