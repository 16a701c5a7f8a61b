"""A curve as the points of an SVG polyline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 66, 18, 12, 34
MOST_POINTS = 300
_LINES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """What there is to draw, in pixels."""

    raw: str
    smoothed: str
    across: tuple[tuple[float, str], ...]
    """(x, step)."""
    up: tuple[tuple[float, str], ...]
    """(y, loss)."""
    mark: float | None
    """x of the step that was taken."""


def curve(losses: Sequence[tuple[int, float, float]], *, checkpoint: int | None = None) -> Curve | None:
    """The losses of a training over its steps; None where there are too few for a line."""
    stride = -(-len(losses) // MOST_POINTS) or 1
    rows = [row for place, row in enumerate(losses) if (len(losses) - 1 - place) % stride == 0]
    if len(rows) < 2 or rows[0][0] == rows[-1][0]:
        return None
    first, last = rows[0][0], rows[-1][0]
    values = [value for _, raw, smoothed in rows for value in (raw, smoothed)]
    low, high = min(values), max(values)
    if high == low:
        low, high = low - 0.5, high + 0.5

    def x(step: float) -> float:
        return round(LEFT + (step - first) / (last - first) * (WIDTH - LEFT - RIGHT), 1)

    def y(loss: float) -> float:
        return round(TOP + (high - loss) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)

    steps = [first + (last - first) * part / _LINES for part in range(_LINES + 1)]
    marks = [low + (high - low) * part / _LINES for part in range(_LINES + 1)]
    return Curve(
        raw=" ".join(f"{x(step)},{y(raw)}" for step, raw, _ in rows),
        smoothed=" ".join(f"{x(step)},{y(smoothed)}" for step, _, smoothed in rows),
        across=tuple((x(step), f"{step:.0f}") for step in steps),
        up=tuple((y(loss), f"{loss:.3g}") for loss in marks),
        mark=x(checkpoint) if checkpoint is not None and first <= checkpoint <= last else None,
    )
