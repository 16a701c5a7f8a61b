"""Stands for the challenge's script where scores were made up: it says what the store of scores says."""

from __future__ import annotations

from pathlib import Path

from story_engine.catalog.scorers import PresentScorer, present_scorer
from story_engine.domain.gate import ScriptRun
from story_engine.store.hashes import file_sha256
from story_engine.store.layout import Layout
from story_engine.store.scores import ScoreStore

UNSCORED = 5.0


def agreeing_script(layout: Layout, folder: Path, *, scorer: PresentScorer | None = None) -> ScriptRun:
    present = scorer or present_scorer(layout)
    known = ScoreStore(layout).scores(present.name, present.version)
    pictures = {path.name: known.get(file_sha256(path), UNSCORED) for path in sorted(folder.iterdir())}
    return ScriptRun(
        mean=sum(pictures.values()) / len(pictures),
        pictures=pictures,
        scorer=present.name,
        scorer_version=present.version,
        processor="CLIPImageProcessor",
        seconds=0.0,
    )
