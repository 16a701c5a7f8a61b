"""Any figure of the world, drawn whole: the one function that places call."""

from __future__ import annotations

import random
from dataclasses import dataclass

from story_engine.preview_model.world import PEOPLE, Figure
from story_engine.preview_model.world.drawing.canvas import Canvas, Palette, Point
from story_engine.preview_model.world.drawing.figures_animals import (
    animal_half_width,
    animal_head,
    animal_top,
    draw_animal,
)
from story_engine.preview_model.world.drawing.figures_people import (
    draw_person,
    draw_person_lying,
    person_head,
    person_top,
)
from story_engine.preview_model.world.drawing.figures_robots import draw_robot, robot_head, robot_top

_WIDEST = 1.08
"""No figure is wider than this share of `height`: those that lie or run are drawn lower instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureLayout:
    """Where a figure's parts lie, in shares of its drawing `height`; x to its facing side, y up from the ground."""

    top: float
    half_width: float
    head_x: float
    head_y: float
    head_radius: float


def figure_layout(figure: Figure) -> FigureLayout:
    """What a composer needs to frame the figure; lying, sleeping and running figures may be lower than `height`."""
    shape = _shape_of(figure)
    scale = shape.scale
    return FigureLayout(
        top=shape.top * scale,
        half_width=shape.half_width * scale,
        head_x=shape.head[0] * scale,
        head_y=-shape.head[1] * scale,
        head_radius=48 * scale,
    )


def draw_figure(
    canvas: Canvas,
    figure: Figure,
    *,
    x: float,
    ground_y: float,
    height: float,
    rng: random.Random,
    palette: Palette,
    facing: int = 1,
) -> None:
    """Draws the figure with its lowest point at (x, ground_y) and `height` units high, looking right unless mirrored.

    Wide figures are lower, see `figure_layout`. Small marks (notes, a question mark) may reach beyond its sides.
    """
    scale = height * _shape_of(figure).scale
    pen = canvas.with_palette(palette).placed(x, ground_y - 4, scale=scale, facing=facing)
    if figure.subject == "robot":
        draw_robot(pen, figure, rng)
    elif figure.subject not in PEOPLE:
        draw_animal(pen, figure, rng)
    elif figure.action in ("lying", "sleeping"):
        draw_person_lying(pen, figure, rng)
    else:
        draw_person(pen, figure, rng)


@dataclass(frozen=True, slots=True)
class _Shape:
    """In the figure's own units: highest point above the ground, reach to both sides, middle of the head."""

    top: float
    half_width: float
    head: Point

    @property
    def scale(self) -> float:
        """For a height of 1."""
        return min(1 / self.top, _WIDEST / (2 * self.half_width))


def _shape_of(figure: Figure) -> _Shape:
    if figure.subject == "robot":
        is_lying = figure.action in ("lying", "sleeping")
        return _Shape(robot_top(figure), 100.0 if is_lying else 62.0, robot_head(figure))
    if figure.subject not in PEOPLE:
        return _Shape(animal_top(figure), animal_half_width(figure), animal_head(figure))
    return _Shape(person_top(figure), 100.0 if figure.action in ("lying", "sleeping") else 62.0, person_head(figure))
