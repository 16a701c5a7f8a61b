"""The challenge's rule: the mean aesthetic score of the pictures handed in must reach the gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from story_engine.domain.value import Value

CHALLENGE_GATE = 6.0
"""Below it a submission is invalid; the organisers may move it, so it can be edited."""


LARGEST_DIFFERENCE = 0.01
"""Between the mean that a page shows and the one that the challenge's own script finds."""


class ScriptRun(Value):
    """What the challenge's own script said about a folder of pictures, in a process of its own."""

    mean: float
    pictures: dict[str, float]
    """File name → score, of every file of the folder."""
    scorer: str
    """"aesthetic" (the challenge's) or "preview"."""
    scorer_version: str
    processor: str
    """The class that prepared the pictures: `CLIPProcessor` as in the script, or its half for pictures."""
    seconds: float


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


def gate_with(values: Sequence[float | None], place: int, value: float | None) -> float | None:
    """The mean if the picture at `place` had the score `value`; None when nothing would be scored."""
    return gate([value if index == place else each for index, each in enumerate(values)]).mean


def differing(run: ScriptRun, shown: Mapping[str, float]) -> tuple[str, ...]:
    """Files whose score by the script is not the one that was shown, the largest difference first."""
    apart = {name: abs(value - shown[name]) if name in shown else float("inf") for name, value in run.pictures.items()}
    return tuple(sorted((name for name in apart if apart[name] > LARGEST_DIFFERENCE), key=lambda name: -apart[name]))


def _pull(value: float | None, known: Sequence[float], mean: float) -> float | None:
    if value is None or len(known) < 2:
        return None
    return mean - (sum(known) - value) / (len(known) - 1)
