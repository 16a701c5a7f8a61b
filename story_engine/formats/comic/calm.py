"""How much is to be seen where in a picture, so that a bubble covers the calmest part of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from story_engine.errors import ChooseAnother

_SIDE = 64
"""Cells that a picture is looked at in, both ways."""


class Calm:
    """The detail of one picture: changes of brightness from cell to cell."""

    def __init__(self, picture: Path) -> None:
        try:
            with Image.open(picture) as opened:
                grey = opened.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BOX)
        except OSError as error:
            raise ChooseAnother("takes.damaged", name=picture.name) from error
        cells = np.asarray(grey, dtype=np.int64)
        detail = np.zeros_like(cells)
        detail[:, 1:] += np.abs(np.diff(cells, axis=1))
        detail[1:, :] += np.abs(np.diff(cells, axis=0))
        self._sums = np.pad(detail, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)

    def detail(self, left: float, top: float, right: float, bottom: float) -> float:
        """Mean detail of a part; edges as shares of the picture, 0 … 1."""
        x0, x1 = (min(_SIDE, max(0, round(edge * _SIDE))) for edge in (left, right))
        y0, y1 = (min(_SIDE, max(0, round(edge * _SIDE))) for edge in (top, bottom))
        x1, y1 = max(x1, x0 + 1), max(y1, y0 + 1)
        x0, y0, x1, y1 = min(x0, _SIDE - 1), min(y0, _SIDE - 1), min(x1, _SIDE), min(y1, _SIDE)
        whole = self._sums[y1, x1] - self._sums[y0, x1] - self._sums[y1, x0] + self._sums[y0, x0]
        return float(whole) / ((y1 - y0) * (x1 - x0))
