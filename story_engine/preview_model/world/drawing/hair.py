"""Hair of people: what hangs behind the head, what frames the face, and how long it is."""

from __future__ import annotations

from story_engine.preview_model.world import Figure
from story_engine.preview_model.world.drawing.canvas import RGB, Pen, Points
from story_engine.preview_model.world.drawing.colours import darker, lighter
from story_engine.preview_model.world.drawing.curves import smoothed, svg_points

_ENDS = {"short": 30.0, "medium": 60.0, "long": 112.0}
"""How far below the middle of the head hair reaches: chin, shoulders, waist."""
_BOYISH = frozenset({"boy", "prince", "warrior", "emperor"})


def draw_hair_behind(pen: Pen, figure: Figure, colour: RGB) -> None:
    """The part behind head and body, with the head at the pen's origin."""
    end = _ENDS[figure.hair_length]
    shade = darker(colour, 0.16)
    if figure.view == "side":
        _draw_behind_side(pen, figure, shade, end)
        return
    if figure.subject in _BOYISH and figure.hair_length == "short":
        pen.ellipse(0, -6, 48, 44, shade)
        return
    spread = {"short": 50.0, "medium": 53.0, "long": 50.0}[figure.hair_length]
    tuck = 0.78 if figure.hair_length == "short" else 0.94
    shape = [(0, -50), (34, -42), (spread - 2, -8), (spread, end * 0.55), (spread * tuck, end), (spread * 0.4, end - 3)]
    mirrored = [(-x, y) for x, y in reversed(shape[1:])]
    pen.curve([*shape, *mirrored], shade)


def draw_hair_before(pen: Pen, figure: Figure, colour: RGB) -> None:
    """The crown and the fringe, over the face, with the head at the pen's origin."""
    if figure.view == "side":
        _draw_before_side(pen, figure, colour)
        return
    if figure.subject in ("emperor", "maid"):
        _draw_parted(pen, colour)
    elif figure.subject in _BOYISH:
        _draw_spiky(pen, colour)
    else:
        _draw_fringe(pen, colour)
    if figure.hair_length != "short" or figure.subject not in _BOYISH:
        _draw_locks(pen, figure, colour)
    _draw_gloss(pen, colour)


def _draw_behind_side(pen: Pen, figure: Figure, shade: RGB, end: float) -> None:
    if figure.subject in _BOYISH and figure.hair_length == "short":
        pen.curve(svg_points("4,-50 -30,-40 -49,-10 -44,18 -30,28 -10,20 10,-20"), shade)
        return
    width = {"short": 0.0, "medium": 3.0, "long": 5.0}[figure.hair_length]
    back = [(6, -50), (-28, -44), (-50, -12), (-50 - width, end * 0.6), (-42 - width, end), (-18, end - 2)]
    pen.curve([*back, (-4, end * 0.55), (8, 0), (20, -30)], shade)


_CAP: Points = ((46, 4), (48, -14), (38, -38), (18, -49), (0, -51), (-18, -49), (-38, -38), (-48, -14), (-46, 4))


def _draw_fringe(pen: Pen, colour: RGB) -> None:
    fringe = svg_points("-40,-6 -28,-9 -24,-18 -12,-8 -5,-17 6,-8 14,-18 26,-9 32,-18 40,-4")
    pen.polygon([*_smooth_cap(), *fringe], colour)


def _draw_spiky(pen: Pen, colour: RGB) -> None:
    top = svg_points(
        "49,2 50,-14 46,-20 48,-34 34,-39 30,-52 14,-49 2,-60 -10,-50 -28,-55 -32,-42 -47,-38 -44,-22 -51,-12 -48,2"
    )
    fringe = svg_points("-40,-12 -30,-4 -26,-20 -12,-8 -4,-22 12,-6 16,-21 32,-8 38,-16")
    pen.polygon([*top, *fringe], colour)


def _draw_parted(pen: Pen, colour: RGB) -> None:
    parting = svg_points("-41,-6 -36,-16 -18,-28 0,-38 18,-28 36,-16 41,-6")
    pen.polygon([*_smooth_cap(), *parting], colour)


def _smooth_cap() -> Points:
    return [(float(x), float(y)) for x, y in smoothed(_CAP, is_closed=False)]


def _draw_locks(pen: Pen, figure: Figure, colour: RGB) -> None:
    """Strands in front of the shoulders: they tell the lengths apart even where the body hides the back."""
    end = {"short": 32.0, "medium": 58.0, "long": 98.0}[figure.hair_length]
    for side in (-1, 1):
        lock = [(38, -20), (49, -8), (50, end * 0.5), (44, end), (37, end * 0.8), (40, end * 0.3), (39, 2)]
        pen.curve([(side * x, y) for x, y in lock], colour, width=3.0)
    pen.ellipse(-42, -14, 6, 8, colour, outline=False)
    pen.ellipse(42, -14, 6, 8, colour, outline=False)


def _draw_before_side(pen: Pen, figure: Figure, colour: RGB) -> None:
    end = _ENDS[figure.hair_length] * (0.5 if figure.subject in _BOYISH else 0.9)
    if figure.subject in _BOYISH and figure.hair_length == "short":
        end = 8.0
    front = [(44, -12), (34, -20), (30, -6), (22, -18), (14, -8), (6, -14)]
    if figure.subject in ("emperor", "maid"):
        front = [(42, -20), (30, -24), (14, -18), (4, -8)]
    top = svg_points("46,-16 42,-32 28,-46 8,-52 -14,-50 -34,-40 -47,-20 -49,2")
    crown = [(float(x), float(y)) for x, y in smoothed(top[::-1], is_closed=False)]
    pen.polygon([*crown, *front, (0, end * 0.6), (-6, end - 2), (-16, end), (-32, end - 2), (-46, end * 0.75)], colour)
    if not pen.palette.is_flat:
        pen.arc(-6, -12, 30, 28, 225, 275, lighter(colour, 0.45), 5.0)


def _draw_gloss(pen: Pen, colour: RGB) -> None:
    if not pen.palette.is_flat:
        pen.arc(0, -8, 34, 29, 215, 262, lighter(colour, 0.45), 5.0)
        pen.arc(0, -8, 34, 29, 275, 288, lighter(colour, 0.45), 5.0)
