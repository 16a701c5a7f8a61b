"""How far panels lie apart: by hand (line, grain, colour) and by what the scorer sees of them.

The unit is measured, not set: 1 is how far two panels of one drawn board lie apart, of one style and one main figure
at different places. Figures that differ there anyway, such as light, count less than those that a hand keeps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from story_engine.formats.picture_figures import HAND_FIGURES, PictureFigures

REFERENCE_FILE = Path(__file__).with_name("board_reference.npz")
"""Written by `python -m benchmarks.coherence_reference`."""
SEEN_WEIGHT = 0.3
"""Of what the scorer sees, beside the hand: at 1 the preview scorer names the odd panel less often."""
_SHRINK = 0.1
"""Towards figures that have nothing to do with each other: steadies what few boards say about many figures."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """How much pictures of one hand differ."""

    hand: Numbers
    """(41, 41): makes hand figures into numbers that vary equally, and apart from each other, within a board."""
    seen: Numbers
    """The same for embeddings of one scorer."""
    scorer_version: str
    """Whose embeddings `seen` is for."""
    unit: float
    """Mean distance of two panels of one board."""

    @classmethod
    def measured(cls, hands: Numbers, seen: Numbers, *, scorer_version: str) -> Reference:
        """Out of boards of one hand each.

        Args:
            hands: (boards, panels, 41).
            seen: (boards, panels, width): embeddings.
            scorer_version: of the scorer that gave them.

        Source: whitening by the pooled covariance within groups, as in linear discriminant analysis (Fisher 1936).
        """
        whole = cls(_whitening(hands), _whitening(seen), scorer_version, 1.0)
        pairs = [whole.distances(h, s, scorer_version=scorer_version) for h, s in zip(hands, seen, strict=True)]
        unit = float(np.mean([mean_of_pairs(each) for each in pairs]))
        return cls(whole.hand, whole.seen, scorer_version, unit)

    def write(self, path: Path) -> None:
        """As a file of arrays, in single precision."""
        np.savez_compressed(
            path,
            hand=self.hand.astype(np.float32),
            seen=self.seen.astype(np.float32),
            unit=np.array(self.unit),
            scorer_version=np.array(self.scorer_version),
        )

    def distances(self, hands: Numbers, seen: Numbers | None, *, scorer_version: str) -> Numbers:
        """(panels, panels), in units of the reference.

        Args:
            hands: (panels, 41).
            seen: (panels, width) embeddings, each of length 1; None: the hand alone counts.
            scorer_version: whose they are. Those of a scorer that was never measured count by the board's own middle.
        """
        squared = _squared(hands.astype(np.float64) @ self.hand)
        if seen is not None:
            squared = squared + SEEN_WEIGHT * self._seen(seen.astype(np.float64), scorer_version)
        return np.asarray(np.sqrt(squared) / self.unit)

    def _seen(self, seen: Numbers, scorer_version: str) -> Numbers:
        if scorer_version == self.scorer_version:
            return _squared(seen @ self.seen)
        apart = np.clip(1 - seen @ seen.T, 0, None)
        middle = float(np.median(apart[np.triu_indices(len(apart), 1)])) if len(apart) > 1 else 0.0
        # Numbers that vary by 1 lie 2 apart, squared.
        return apart * (2 / middle) if middle > 0 else np.zeros_like(apart)


@cache
def reference() -> Reference:
    """The shipped one."""
    with np.load(REFERENCE_FILE, allow_pickle=False) as found:
        return Reference(
            hand=found["hand"].astype(np.float64),
            seen=found["seen"].astype(np.float64),
            scorer_version=str(found["scorer_version"]),
            unit=float(found["unit"]),
        )


def hands_of(figures: list[PictureFigures]) -> Numbers:
    """(pictures, 41)."""
    if not figures:
        return np.zeros((0, HAND_FIGURES))
    return np.stack([each.hand for each in figures]).astype(np.float64)


def mean_of_pairs(distances: Numbers) -> float:
    """Of a board; 0 for a single panel."""
    above = distances[np.triu_indices(len(distances), 1)]
    return float(above.mean()) if above.size else 0.0


def _whitening(boards: Numbers) -> Numbers:
    around = boards - boards.mean(axis=1, keepdims=True)
    rows = around.reshape(-1, boards.shape[-1])
    covariance = rows.T @ rows / len(rows)
    spread = np.sqrt(np.diag(covariance)) + 1e-3
    shrunk = (1 - _SHRINK) * covariance / np.outer(spread, spread) + _SHRINK * np.eye(len(spread))
    variances, axes = np.linalg.eigh(shrunk)
    return np.asarray((axes / np.sqrt(variances)) / spread[:, None])


def _squared(numbers: Numbers) -> Numbers:
    """Mean squared differences of rows."""
    between = numbers[:, None] - numbers[None]
    return np.asarray((between**2).mean(axis=-1))
