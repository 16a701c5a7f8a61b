"""Things that figures play with, read, hold or stand beside."""

from __future__ import annotations

import random

from story_engine.models.preview.drawing.canvas import Canvas, Palette
from story_engine.models.preview.drawing.colours import colour_of


def draw_prop(
    canvas: Canvas,
    prop: str,
    *,
    x: float,
    y: float,
    size: float,
    colour: str,
    rng: random.Random,
    palette: Palette,
    is_glowing: bool = False,
) -> None:
    """Draws the named prop around (x, y), about `size` units across; nothing for `none`."""
    if prop == "none":
        return
    pen = canvas.with_palette(palette).placed(x, y, scale=size / 100)
    if is_glowing:
        pen.glow(0, 0, 90, (255, 236, 150))
    pen.ellipse(0, 0, 45, 45, colour_of(colour, rng))
