"""Whether coherence says what is known: `python -m benchmarks.coherence` on boards of the preview world.

Each board is drawn, so that it is known what holds it together and what does not: one style and one main figure at
eight places; the same scenes with a style and a figure each; panels of eight stories; one odd panel; one picture eight
times over. The boards that the reference was measured on are others.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from PIL import Image

from benchmarks.coherence_boards import PANELS, Story, a_story, copies, mixed, odd_panel
from story_engine.catalog.scorers import PresentScorer, present_scorer
from story_engine.flows.coherence_measure import Place, Seen, copies_of, distances, weakest
from story_engine.formats.board_distance import REFERENCE_FILE, mean_of_pairs
from story_engine.formats.picture_figures import picture_figures
from story_engine.preview_model.world.drawing import draw
from story_engine.scoring.aesthetics import Scorer
from story_engine.store.layout import Layout

AIMS = {
    "above mixed": 0.95,
    "above shuffled": 0.95,
    "odd panel named": 0.9,
    "copies flagged": 1.0,
}
ODD_KINDS = {"odd panel named": (True, True), "odd style named": (True, False), "odd figure named": (False, True)}
"""What is other about the odd panel: style, figure. Only the first has an aim."""


@dataclass(slots=True)
class Figures:
    """Shares over boards."""

    hits: Counter[str] = field(default_factory=Counter)
    boards: int = 0
    distances: dict[str, list[float]] = field(default_factory=dict)

    def shares(self) -> dict[str, float]:
        """Share of the boards of which each line holds."""
        return {name: self.hits[name] / self.boards for name in (*AIMS, *list(ODD_KINDS)[1:], "falsely flagged")}

    def means(self) -> dict[str, float]:
        """Mean distance by kind of board."""
        return {kind: sum(values) / len(values) for kind, values in self.distances.items()}


class Eye:
    """Looks at pictures as the Studio does."""

    def __init__(self, present: PresentScorer) -> None:
        self._scorer = Scorer(present)
        self._version = present.version

    def see(self, pictures: Sequence[Image.Image]) -> list[Seen]:
        """Figures and embeddings."""
        _, embeddings = self._scorer.rate(pictures)
        return [Seen(picture_figures(picture), row) for picture, row in zip(pictures, embeddings, strict=True)]

    def distance(self, board: Sequence[Seen]) -> float:
        """Of a board; the smaller, the better it holds together."""
        return mean_of_pairs(distances(board, self._version))

    def odd_one(self, board: Sequence[Seen]) -> int | None:
        """The number of the panel that is named."""
        return weakest(_places(len(board)), distances(board, self._version))[0]


def measure(boards: int, *, seed: int = 0) -> Figures:
    """Draw `boards` stories and ask about each."""
    eye = Eye(present_scorer(Layout(REFERENCE_FILE.parent, REFERENCE_FILE.parent)))
    stories = [a_story(random.Random(seed + number)) for number in range(boards)]
    seen = [eye.see(story.board()) for story in stories]
    figures = Figures(boards=boards, distances={"one hand": [], "mixed": [], "shuffled": [], "copies": []})
    for number, (story, board) in enumerate(zip(stories, seen, strict=True)):
        _ask(eye, random.Random(f"{seed} {number}"), story, board, _shuffled(seen, number), figures)
    return figures


def _ask(eye: Eye, rng: random.Random, story: Story, board: list[Seen], shuffled: list[Seen], figures: Figures) -> None:
    together = eye.distance(board)
    apart, strewn = eye.distance(eye.see(mixed(rng, story))), eye.distance(shuffled)
    figures.hits["above mixed"] += together < apart
    figures.hits["above shuffled"] += together < strewn
    place = rng.randrange(PANELS)
    for name, (style, figure) in ODD_KINDS.items():
        odd = eye.see([odd_panel(rng, story.scenes[place], style=style, figure=figure)])
        figures.hits[name] += eye.odd_one([*board[:place], *odd, *board[place + 1 :]]) == place + 1
    copied = eye.see(copies(rng, draw(story.scenes[place])))
    # Every panel has to be among the flagged pairs.
    flagged = {number for pair in copies_of(_places(PANELS), copied) for number in (pair.first, pair.second)}
    figures.hits["copies flagged"] += len(flagged) == PANELS
    figures.hits["falsely flagged"] += bool(copies_of(_places(PANELS), board))
    for kind, distance in zip(figures.distances, (together, apart, strewn, eye.distance(copied)), strict=True):
        figures.distances[kind].append(distance)


def _shuffled(seen: list[list[Seen]], number: int) -> list[Seen]:
    """Panel by panel of another story."""
    return [seen[(number + 1 + 7 * panel) % len(seen)][panel] for panel in range(PANELS)]


def _places(count: int) -> list[Place]:
    return [Place(f"s{number}", number, "") for number in range(1, count + 1)]


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--boards", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    started = time.monotonic()
    figures = measure(given.boards, seed=given.seed)
    print(json.dumps({"shares": figures.shares(), "mean_distances": figures.means()}, indent=2))
    missed = [name for name, aim in AIMS.items() if figures.shares()[name] < aim]
    print(f"{given.boards} boards in {time.monotonic() - started:.0f} s; aims missed: {', '.join(missed) or 'none'}")


if __name__ == "__main__":
    main()
