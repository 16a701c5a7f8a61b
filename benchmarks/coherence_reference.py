"""Measures how much pictures of one hand differ: `python -m benchmarks.coherence_reference`.

Writes the reference that coherence is told in. Its boards are other ones than those of `benchmarks.coherence`.
"""

from __future__ import annotations

import argparse
import random

import numpy as np
from numpy.typing import NDArray

from benchmarks.coherence_boards import a_story
from story_engine.catalog.scorers import present_scorer
from story_engine.formats.board_distance import REFERENCE_FILE, Reference
from story_engine.formats.picture_figures import picture_figures
from story_engine.scoring.aesthetics import Scorer
from story_engine.store.layout import Layout

FIRST_SEED = 1_000_000
"""The benchmark's seeds are below it."""

Numbers = NDArray[np.float64]


def measure(stories: int) -> Reference:
    """Draw boards of one hand each, and see how their panels differ from one another."""
    present = present_scorer(Layout(REFERENCE_FILE.parent, REFERENCE_FILE.parent))
    scorer = Scorer(present)
    hands, seen = [], []
    for seed in range(stories):
        board = a_story(random.Random(FIRST_SEED + seed)).board()
        hands.append(np.stack([picture_figures(picture).hand for picture in board]).astype(np.float64))
        seen.append(scorer.rate(board)[1].astype(np.float64))
    return Reference.measured(np.stack(hands), np.stack(seen), scorer_version=present.version)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stories", type=int, default=200)
    measure(parser.parse_args().stories).write(REFERENCE_FILE)


if __name__ == "__main__":
    main()
