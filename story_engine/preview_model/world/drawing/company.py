"""Where those stand who are not alone: side by side, none hidden by another, and all of them in the picture.

Always in the order in which they are read: the main figure left, the first companion right of it, a second one on the
other side. Where either side would do, a model that learns from the drawings paints somebody on both.
"""

from __future__ import annotations

from dataclasses import dataclass

from story_engine.preview_model.world import PEOPLE, DrawnScene, Figure
from story_engine.preview_model.world.drawing.canvas import PICTURE_UNITS
from story_engine.preview_model.world.drawing.figures import figure_layout

_MOST = 2
"""Beside the main figure; one on either side."""
_GAP = 8.0
_CUT = {"upper": 28.0}
"""Units of a group that the picture's edges may cut off, by shot; elsewhere it stays clear of them."""
_CLEAR = 3.0
_LEAST_SCALE = 0.74
"""A smaller one would be read as another shot."""
_CLOSENESS = {"upper": 0.85}
"""Figures are widest below, where such a shot does not look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """Where one of them stands, beside a main figure at 0 that is drawn 1 high."""

    figure: Figure
    x: float
    height: float
    depth: float
    """How far in front (positive) or behind, in units of the picture before it is scaled."""

    @property
    def half_width(self) -> float:
        """Of its drawing."""
        return figure_layout(self.figure).half_width * self.height


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The main figure's place once there is room for all."""

    x: float
    scale: float
    """Of its height: 1 where there was room."""


def facing_in_company(scene: DrawnScene) -> int:
    """The side to which the main figure looks, 1 for right: to its companion, or to a thing, which is on the left."""
    return 1 if scene.prop == "none" else -1


def companions(scene: DrawnScene, *, height: float) -> list[Companion]:
    """Those beside the main figure, which is drawn `height` units high."""
    main = figure_layout(scene.main).half_width
    found = []
    for index, figure in enumerate(scene.companions[:_MOST]):
        share, depth = _size(scene.main, figure)
        reach = (main + figure_layout(figure).half_width * share + _GAP / height) * _CLOSENESS.get(scene.shot, 1.0)
        found.append(Companion(figure=figure, x=reach if index == 0 else -reach, height=share, depth=depth))
    return found


def room_for(scene: DrawnScene, *, x: float, height: float) -> Group:
    """The main figure's place and size: where it would stand alone, as far as the others leave it there."""
    cut = _CUT.get(scene.shot, -_CLEAR)
    beside = companions(scene, height=height)
    main = figure_layout(scene.main).half_width
    left = max([main, *(each.half_width - each.x for each in beside)]) * height
    right = max([main, *(each.half_width + each.x for each in beside)]) * height
    room = PICTURE_UNITS + 2 * cut
    scale = max(_LEAST_SCALE, min(1.0, room / (left + right)))
    least, most = left * scale - cut, PICTURE_UNITS + cut - right * scale
    return Group(x=(least + most) / 2 if least > most else min(max(x, least), most), scale=scale)


def _size(main: Figure, companion: Figure) -> tuple[float, float]:
    """Height as a share of the main figure's, and how far in front (positive) or behind it stands."""
    if main.subject in PEOPLE and companion.subject not in PEOPLE:
        return 0.62, 8.0
    if main.subject not in PEOPLE and companion.subject in PEOPLE:
        return 1.05, -8.0
    return 0.85, -6.0
