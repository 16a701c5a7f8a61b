"""What comics write beside a head: sleep, song, a question, a start, a wish."""

from __future__ import annotations

import math

from story_engine.preview_model.world import PEOPLE, Figure
from story_engine.preview_model.world.drawing.canvas import RGB, Pen, Points
from story_engine.preview_model.world.drawing.faces import draw_drop

_GOLD: RGB = (255, 208, 58)
_RED: RGB = (232, 66, 60)
_BLUE: RGB = (70, 116, 214)
_GREY: RGB = (128, 132, 148)
_WHITE: RGB = (255, 255, 255)
_VIOLET: RGB = (136, 82, 206)


def draw_marks(pen: Pen, figure: Figure) -> None:
    """Marks around a head of radius 46 at the pen's origin; letters are never mirrored."""
    if figure.action == "sleeping":
        _draw_stroke(pen, _LETTER_Z, -62, -38, 12, _BLUE)
        _draw_stroke(pen, _LETTER_Z, -88, -56, 9, _BLUE)
        return
    has_free_side = figure.mood in ("calm", "happy", "sad")
    if figure.action == "singing":
        _draw_note(pen, 68, -22, 1.2, _VIOLET)
        if has_free_side:
            _draw_note(pen, -66, -26, 1.1, _RED)
    elif figure.action == "wishing":
        draw_sparkle(pen, 62, -26, 12)
        if has_free_side:
            draw_sparkle(pen, -62, -12, 9)
    elif figure.action == "chasing" and (figure.subject in PEOPLE or figure.subject == "robot"):
        for y, reach in ((34, 0), (66, 10), (96, 2)):
            pen.line([(-100 - reach, y), (-72, y)], (140, 158, 184), 4.5)
    if figure.mood == "surprised":
        _draw_exclamation(pen, -62, -34)
    elif figure.mood == "curious":
        _draw_stroke(pen, _QUESTION, -64, -32, 11, _BLUE, is_smooth=True)
        pen.ellipse(-64, -10, 3.6, 3.6, _BLUE, width=2.0)
    elif figure.mood == "bored":
        for step in range(3):
            pen.ellipse(-54 - 13 * step, -34, 4.2, 4.2, _GREY, width=1.6)
    elif figure.mood == "nervous":
        draw_drop(pen, -36, -14, 9)
        draw_drop(pen, -56, -20, 6.5)
    elif figure.mood == "longing":
        draw_sparkle(pen, -60, -34, 11)
        draw_heart(pen, 62, 0, 9)


def draw_sparkle(pen: Pen, x: float, y: float, radius: float, colour: RGB = _GOLD) -> None:
    """A star of four points."""
    points = []
    for step in range(8):
        reach = radius if step % 2 == 0 else radius * 0.36
        turn = math.radians(45 * step - 90)
        points.append((x + reach * math.cos(turn), y + reach * math.sin(turn)))
    pen.polygon(points, colour, width=2.0)


def draw_heart(pen: Pen, x: float, y: float, radius: float, colour: RGB = (246, 96, 130)) -> None:
    """A heart."""
    right = [(0, -0.5), (0.5, -1.0), (1.05, -0.55), (0.8, 0.25), (0, 1.05)]
    left = [(-along, down) for along, down in reversed(right[1:-1])]
    pen.curve([(x + along * radius, y + down * radius) for along, down in [*right, *left]], colour, width=2.0)


_LETTER_Z: Points = ((-1, -1), (1, -1), (-1, 1), (1, 1))
_QUESTION: Points = ((-0.8, -0.7), (-0.2, -1.25), (0.7, -0.8), (0.4, -0.1), (0, 0.3), (0, 0.9))


def _draw_stroke(
    pen: Pen, shape: Points, x: float, y: float, size: float, colour: RGB, *, is_smooth: bool = False
) -> None:
    across = -size if pen.is_mirrored else size
    points = [(x + along * across, y + down * size) for along, down in shape]
    for edge, thickness in ((_WHITE, size * 0.35 + 7), (colour, size * 0.35 + 2)):
        pen.line(points, edge, thickness, is_smooth=is_smooth)


def _draw_exclamation(pen: Pen, x: float, y: float) -> None:
    pen.polygon([(x - 5, y - 16), (x + 5, y - 16), (x + 2.5, y + 8), (x - 2.5, y + 8)], _RED, width=2.2)
    pen.ellipse(x, y + 17, 4, 4, _RED, width=2.2)


def _draw_note(pen: Pen, x: float, y: float, scale: float, colour: RGB) -> None:
    note = pen.placed(x, y, scale=scale, facing=-1 if pen.is_mirrored else 1)
    for wide, edge in ((9.0, None), (4.5, colour)):
        note.line([(-2, 12), (-2, -16), (10, -12)], edge, wide)
    note.ellipse(-8, 13, 7.5, 6, colour, width=2.2, degrees=-20)
