"""Any figure of the world, drawn whole: the one function that places call."""

from __future__ import annotations

import random
from dataclasses import dataclass

from story_engine.models.preview.drawing.canvas import Canvas, Palette
from story_engine.models.preview.drawing.colours import colour_of
from story_engine.models.preview.world import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureLayout:
    """Where a figure's parts lie, in shares of the `height` it is drawn with; x to its facing side, y up from ground."""

    top: float
    half_width: float
    head_x: float
    head_y: float
    head_radius: float


def figure_layout(figure: Figure) -> FigureLayout:
    """What a composer needs to frame the figure; lying and sleeping figures are wide and lower than `height`."""
    if figure.action in ("lying", "sleeping"):
        return FigureLayout(top=0.62, half_width=0.55, head_x=0.25, head_y=0.33, head_radius=0.24)
    return FigureLayout(top=1.0, half_width=0.45, head_x=0.0, head_y=0.74, head_radius=0.24)


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
    """Draws the figure with its lowest point at (x, ground_y) and `height` units high, looking right unless mirrored."""
    pen = canvas.with_palette(palette).placed(x, ground_y, scale=height / 200, facing=facing)
    colour = colour_of(figure.colour, rng)
    pen.ellipse(0, -45, 32, 45, colour)
    pen.ellipse(0, -145, 46, 46, colour)
    pen.ellipse(-16, -140, 7, 9, palette.ink, outline=False)
    pen.ellipse(16, -140, 7, 9, palette.ink, outline=False)
