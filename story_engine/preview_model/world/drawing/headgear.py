"""What people wear on their heads: crowns, buns, helmets, ribbons."""

from __future__ import annotations

from story_engine.preview_model.world import Figure
from story_engine.preview_model.world.drawing.canvas import RGB, Pen
from story_engine.preview_model.world.drawing.colours import darker, lighter
from story_engine.preview_model.world.drawing.curves import svg_points

GOLD: RGB = (247, 198, 62)
_RED: RGB = (212, 52, 56)
_STEEL: RGB = (168, 178, 196)

HEADGEAR_HEIGHT = {"emperor": 22.0, "maid": 13.0, "prince": 21.0, "warrior": 26.0, "girl": 2.0, "boy": 13.0}
"""Units above the crown of the head."""


def draw_headgear_behind(pen: Pen, figure: Figure, hair: RGB) -> None:
    """What is hidden partly by the head, with the head at the pen's origin."""
    if figure.subject == "maid":
        for x in (-30, 30) if figure.view == "front" else (-26, 4):
            pen.ellipse(x, -48, 15, 14, hair)
            pen.arc(x, -46, 8, 8, 200, 320, lighter(hair, 0.4), 3.0)
    elif figure.subject == "warrior":
        plume = svg_points("0,-50 -8,-72 -30,-74 -52,-58 -62,-30 -48,-38 -34,-44")
        pen.curve(plume, _RED)


def draw_headgear(pen: Pen, figure: Figure) -> None:
    """What lies over the hair, with the head at the pen's origin."""
    if figure.subject == "emperor":
        _draw_bead_crown(pen, figure.view)
    elif figure.subject == "prince":
        _draw_crown(pen, 0 if figure.view == "front" else -4)
    elif figure.subject == "warrior":
        _draw_helmet(pen, figure.view)
    elif figure.subject == "maid":
        for x in (-30, 30) if figure.view == "front" else (-26, 4):
            pen.ellipse(x, -37, 6, 6, (250, 130, 150), width=2.2)
            pen.ellipse(x, -37, 2.2, 2.2, GOLD, outline=False)
    elif figure.subject == "girl":
        x = 30 if figure.view == "front" else -16
        bow = _RED if figure.colour != "red" else (70, 130, 220)
        pen.polygon([(x, -40), (x - 14, -50), (x - 14, -30)], bow, width=2.4)
        pen.polygon([(x, -40), (x + 14, -50), (x + 14, -30)], bow, width=2.4)
        pen.ellipse(x, -40, 4, 4, lighter(bow), width=2.0)


def _draw_bead_crown(pen: Pen, view: str) -> None:
    """The emperor's board with strings of beads before the brow."""
    if view == "front":
        pen.rounded_rectangle(-32, -58, 32, -38, 5, (44, 40, 58))
        pen.rounded_rectangle(-32, -46, 32, -38, 3, GOLD, outline=False)
        pen.polygon([(-46, -68), (46, -68), (54, -57), (-54, -57)], (44, 40, 58))
        pen.line([(-50, -59), (50, -59)], GOLD, 4.0)
        columns: tuple[float, ...] = (-48.0, -38.0, -28.0, 28.0, 38.0, 48.0)
    else:
        pen.rounded_rectangle(-30, -58, 28, -38, 5, (44, 40, 58))
        pen.rounded_rectangle(-30, -46, 28, -38, 3, GOLD, outline=False)
        pen.polygon([(-46, -64), (56, -70), (58, -60), (-46, -54)], (44, 40, 58))
        pen.line([(-44, -57), (56, -62)], GOLD, 4.0)
        columns = (38.0, 47.0, 56.0)
    for index, x in enumerate(columns):
        pen.line([(x, -56), (x, -24)], GOLD, 2.0)
        for row in range(3):
            pen.ellipse(x, -49 + row * 11, 4.2, 4.2, (226, 60, 60) if (row + index) % 2 else (250, 246, 236), width=1.4)


def _draw_crown(pen: Pen, x: float) -> None:
    base, top = -40.0, -70.0
    pen.polygon(
        [
            (x - 27, base),
            (x - 31, top + 4),
            (x - 15, base - 14),
            (x, top),
            (x + 15, base - 14),
            (x + 31, top + 4),
            (x + 27, base),
        ],
        GOLD,
    )
    pen.rounded_rectangle(x - 28, base - 6, x + 28, base + 3, 3, lighter(GOLD, 0.3), width=2.4)
    for shift, colour in ((-15, (70, 130, 220)), (0, _RED), (15, (70, 130, 220))):
        pen.ellipse(x + shift, base - 1.5, 3.6, 3.6, colour, outline=False)
    for shift, y in ((-31, top + 3), (0, top - 1), (31, top + 3)):
        pen.ellipse(x + shift, y, 4, 4, _RED, width=2.0)


def _draw_helmet(pen: Pen, view: str) -> None:
    if view == "front":
        dome = svg_points("50,2 50,-22 36,-46 0,-57 -36,-46 -50,-22 -50,2 -38,4 -37,-14 0,-20 37,-14 38,4")
        pen.polygon(dome, _STEEL)
        pen.line([(-37, -15), (0, -21), (37, -15)], GOLD, 6.0)
        pen.line([(0, -54), (0, -24)], GOLD, 7.0)
        pen.ellipse(0, -27, 6, 6, _RED, width=2.4)
    else:
        dome = svg_points("48,-14 40,-40 6,-57 -34,-46 -51,-20 -50,16 -30,22 -24,-6 10,-16")
        pen.polygon(dome, _STEEL)
        pen.line([(-24, -7), (10, -17), (46, -16)], GOLD, 6.0)
        pen.ellipse(-22, -14, 6, 6, _RED, width=2.4)
    if not pen.palette.is_flat:
        pen.arc(-4, -16, 36, 30, 205, 240, lighter(_STEEL, 0.7), 5.0)
    pen.ellipse(0, -60, 6, 6, darker(GOLD, 0.1), width=2.4)
