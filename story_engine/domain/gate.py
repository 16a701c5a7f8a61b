"""The challenge's rule: the mean aesthetic score of the pictures handed in must reach the gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

CHALLENGE_GATE = 6.0
"""Below it a submission is invalid; the organisers may move it, so it can be edited."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The mean of what is scored, and each picture's part in it."""

    mean: float | None
    """None when nothing is scored."""
    pulls: tuple[float | None, ...]
    """Per picture: mean minus the mean without it. Positive lifts, negative drags; None where unscored or alone."""


def gate(values: Sequence[float | None]) -> Gate:
    """Mean of the known scores and the pull of each one.

    Source: the challenge's evaluation script takes the plain mean over all pictures of the folder.
    """
    known = [value for value in values if value is not None]
    if not known:
        return Gate(None, tuple(None for _ in values))
    mean = sum(known) / len(known)
    return Gate(mean, tuple(_pull(value, known, mean) for value in values))


def _pull(value: float | None, known: Sequence[float], mean: float) -> float | None:
    if value is None or len(known) < 2:
        return None
    return mean - (sum(known) - value) / (len(known) - 1)
