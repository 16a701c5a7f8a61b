"""Where faces are in latents, and how much more they count: a small part of the picture in which people look first."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from story_engine.preview_model.world import DrawnScene
from story_engine.preview_model.world.drawing.compose import head_of

_REACH, _ABOVE, _BELOW = 1.0, 0.65, 1.25
"""Of the head's radius, to each side and up and down from its middle: eyes, brows and mouth on every kind of head."""
_DRAWN_SIDE = 256
"""Units of a drawing, whatever its size in pixels."""


def face_weights(scenes: Sequence[DrawnScene], *, side: int, weight: float) -> torch.Tensor:
    """How much each place counts in the loss of each drawing.

    Args:
        scenes: whose latents are learnt from; of each the main figure's face is found.
        side: of the latents.
        weight: of a place of the face, where one beside it counts 1.

    Returns:
        (scenes, 1, side, side), float32, of mean 1 over each drawing: those with large faces count no more than others.
    """
    units = _DRAWN_SIDE / side
    weights = torch.ones(len(scenes), 1, side, side)
    for place, scene in enumerate(scenes):
        x, y, radius = head_of(scene)
        left, right = _places(x - _REACH * radius, x + _REACH * radius, units, side)
        top, bottom = _places(y - _ABOVE * radius, y + _BELOW * radius, units, side)
        weights[place, 0, top:bottom, left:right] = weight
    return weights / weights.mean(dim=(2, 3), keepdim=True)


def _places(start: float, end: float, units: float, side: int) -> tuple[int, int]:
    """Every cell that is touched, as far as it lies in the picture."""
    return max(0, int(start // units)), min(side, max(0, int(-(-end // units))))
