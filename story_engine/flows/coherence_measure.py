"""Out of the figures of pictures: how a board holds together. Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from story_engine.domain.coherence import (
    FEWEST_PANELS,
    BoardPanel,
    Comparison,
    Copy,
    PanelPair,
    standing_out,
)
from story_engine.formats.board_distance import hands_of, mean_of_pairs, reference
from story_engine.formats.likeness import likeness_of
from story_engine.formats.picture_figures import PictureFigures, palette_distance

MOST_BOARDS = 200
"""Boards of other takes that are looked at: of eight panels with five takes there are 390 625."""
_DIGITS = 4

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A picture as it is compared."""

    figures: PictureFigures
    embedding: NDArray[np.float32] | None
    """None where the scorer has not seen it yet."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a picture stands in the story."""

    scene: str
    number: int
    title: str


def distances(pictures: Sequence[Seen], scorer_version: str) -> Numbers:
    """(pictures, pictures); 1 = as two panels of one drawn board."""
    rows = [each.embedding for each in pictures if each.embedding is not None]
    seen = np.stack(rows).astype(np.float64) if rows and len(rows) == len(pictures) else None
    hands = hands_of([each.figures for each in pictures])
    return reference().distances(hands, seen, scorer_version=scorer_version)


def cosines(pictures: Sequence[Seen]) -> Numbers:
    """Of the embeddings; empty where one is missing."""
    rows = [each.embedding for each in pictures if each.embedding is not None]
    if not rows or len(rows) < len(pictures):
        return np.zeros((0, 0))
    seen = np.stack(rows).astype(np.float64)
    return np.asarray(seen @ seen.T)


def panels_of(places: Sequence[Place], pictures: Sequence[Seen], apart: Numbers) -> tuple[BoardPanel, ...]:
    """Each panel's own figures."""
    means = _means_to_others(apart)
    palettes = _means_to_others(palettes_of(pictures))
    outside = standing_out(tuple(means))
    return tuple(
        BoardPanel(
            scene=place.scene,
            number=place.number,
            title=place.title,
            distance=round(mean, _DIGITS),
            stands_out=stands_out,
            lightness=round(seen.figures.lightness, 2),
            contrast=round(seen.figures.contrast, 2),
            palette=round(palette, 2),
        )
        for place, seen, mean, stands_out, palette in zip(places, pictures, means, outside, palettes, strict=True)
    )


def palettes_of(pictures: Sequence[Seen]) -> Numbers:
    """(pictures, pictures) palette distances, ΔE*ab."""
    count = len(pictures)
    found = np.zeros((count, count))
    for first in range(count):
        for second in range(first):
            apart = palette_distance(pictures[first].figures, pictures[second].figures)
            found[first, second] = found[second, first] = apart
    return found


def weakest(places: Sequence[Place], apart: Numbers) -> tuple[int | None, PanelPair | None]:
    """The panel that lies farthest from the others, and the pair that lies farthest apart."""
    if len(places) < FEWEST_PANELS:
        return None, None
    numbers = [place.number for place in places]
    first, second = np.unravel_index(int(np.triu(apart, 1).argmax()), apart.shape)
    pair = PanelPair(
        first=numbers[int(first)], second=numbers[int(second)], distance=round(float(apart[first, second]), _DIGITS)
    )
    return numbers[int(np.argmax(_means_to_others(apart)))], pair


def copies_of(places: Sequence[Place], pictures: Sequence[Seen]) -> tuple[Copy, ...]:
    """Pairs of panels that show one picture: it makes a board alike, and tells no story."""
    found = []
    for second in range(len(pictures)):
        for first in range(second):
            likeness = likeness_of(pictures[first].figures, pictures[second].figures)
            if likeness is not None:
                numbers = places[first].number, places[second].number
                found.append(
                    Copy(
                        first=numbers[0],
                        second=numbers[1],
                        kind=likeness.kind,
                        likeness=round(likeness.likeness, _DIGITS),
                    )
                )
    return tuple(found)


def compared(
    kind: str, chosen: Sequence[Seen], others: Sequence[Sequence[Seen]], scorer_version: str
) -> Comparison | None:
    """The board beside boards of other takes of its scenes; None where fewer than three panels have one.

    Args:
        kind: of the other takes.
        chosen: the panels.
        others: per panel its other takes.
        scorer_version: whose embeddings these are.
    """
    places = [place for place, takes in enumerate(others) if takes]
    if len(places) < FEWEST_PANELS:
        return None
    pool = [chosen[place] for place in places] + [take for place in places for take in others[place]]
    apart = distances(pool, scorer_version)
    starts = np.cumsum([len(places), *(len(others[place]) for place in places)]).tolist()
    here = mean_of_pairs(apart[: len(places), : len(places)])
    boards = [np.array(board) for board in _boards([len(others[place]) for place in places], starts)]
    there = [mean_of_pairs(apart[np.ix_(board, board)]) for board in boards]
    return Comparison(
        kind=kind,
        panels=len(places),
        boards=len(there),
        here=round(here, _DIGITS),
        there=round(float(np.mean(there)), _DIGITS),
        closer_than=sum(here < each for each in there),
    )


def _boards(counts: Sequence[int], starts: Sequence[int]) -> list[tuple[int, ...]]:
    """One take per panel, as places in the pool: all ways, or a fixed sample of them."""
    ways = 1
    for count in counts:
        ways *= count
    rng = random.Random(0)
    sampled = {rng.randrange(ways) for _ in range(MOST_BOARDS)} if ways > MOST_BOARDS else range(ways)
    found = []
    for number in sorted(sampled):
        board = []
        for count, start in zip(counts, starts, strict=False):
            number, place = divmod(number, count)
            board.append(start + place)
        found.append(tuple(board))
    return found


def _means_to_others(apart: Numbers) -> list[float]:
    count = len(apart)
    if count < 2:
        return [0.0] * count
    return [float(each) for each in apart.sum(axis=1) / (count - 1)]
