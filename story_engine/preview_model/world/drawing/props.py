"""Things that figures play with, read, hold or stand beside."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from story_engine.preview_model.world.drawing.canvas import RGB, Canvas, Palette, Pen
from story_engine.preview_model.world.drawing.colours import colour_of, darker, lighter, mixed
from story_engine.preview_model.world.drawing.curves import smoothed
from story_engine.preview_model.world.drawing.held import draw_open_book

_GOLD: RGB = (247, 198, 62)
_GREEN: RGB = (72, 158, 84)
_WOOD: RGB = (150, 98, 60)


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
    """Draws the named prop around (x, y), about `size` units across; nothing for `none`.

    `is_glowing` puts a warm light around it (the magic book, a lantern at night).
    """
    if prop == "none":
        return
    pen = canvas.with_palette(palette).placed(x, y, scale=size / 100)
    if is_glowing:
        pen.glow(0, 0, 105, (255, 232, 130), 0.95)
    shade = colour_of(colour, rng)
    if prop in _FIXED:
        _FIXED[prop](pen, shade)
    else:
        _VARIED[prop](pen, shade, rng)


def _draw_yarn_ball(pen: Pen, colour: RGB, rng: random.Random) -> None:
    thread = darker(colour, 0.38)
    tail = [(30, 34), (52, 46), (74, 36), (92, 46), (112, 40)]
    pen.line(tail, None, 13.0, is_smooth=True)
    pen.line(tail, colour, 6.0, is_smooth=True)
    pen.ellipse(0, 0, 46, 46, colour)
    ball = pen.placed(0, 0, degrees=rng.uniform(-25, 25))
    for bend in (-20.0, -3.0, 14.0):
        ball.line([(-33, bend - 6), (-12, bend + 8), (14, bend + 9), (34, bend - 5)], thread, 4.6, is_smooth=True)
    for bend in (-18.0, 4.0):
        ball.line([(bend - 4, -36), (bend + 8, -22), (bend + 12, -8)], thread, 4.6, is_smooth=True)
    ball.line([(8, 37), (18, 27), (34, 22)], thread, 4.6, is_smooth=True)
    if not pen.palette.is_flat:
        pen.arc(0, 0, 36, 36, 205, 245, lighter(colour, 0.55), 6.0)


def _draw_toys(pen: Pen, colour: RGB, rng: random.Random) -> None:
    first, second = rng.sample([(250, 196, 66), (92, 176, 226), (118, 196, 104)], 2)
    for left, top, shade in ((-52, 6, first), (-8, 6, second), (-32, -36, colour)):
        pen.rounded_rectangle(left, top, left + 40, top + 40, 5, shade)
        pen.rounded_rectangle(left + 10, top + 10, left + 30, top + 30, 4, lighter(shade, 0.6), outline=False)
    pen.ellipse(48, 28, 19, 19, colour)
    pen.curve([(32, 20), (48, 26), (65, 20), (65, 34), (48, 38), (32, 34)], (255, 250, 240), outline=False)


def _draw_book(pen: Pen, colour: RGB) -> None:
    draw_open_book(pen, colour, half=48)


def _draw_microphone(pen: Pen, colour: RGB) -> None:
    pen.line([(26, 44), (-8, -12)], colour, 15.0, outline=True)
    pen.line([(-4, -5), (-9, -14)], _GOLD, 16.0)
    pen.ellipse(-20, -28, 22, 22, (168, 174, 188), degrees=30)
    for shift in (-9, 0, 9):
        pen.line([(-20 + shift - 6, -28 - shift - 8), (-20 + shift + 6, -28 - shift + 8)], (104, 110, 126), 3.0)
    pen.arc(-20, -28, 14, 14, 200, 260, (240, 244, 250), 4.0)


def _draw_flower(pen: Pen, colour: RGB, rng: random.Random) -> None:
    pen.line([(0, 0), (3, 26), (0, 50)], _GREEN, 7.0, is_smooth=True, outline=True)
    pen.curve([(2, 34), (16, 18), (34, 18), (24, 34)], _GREEN, width=3.0)
    pen.curve([(1, 42), (-14, 28), (-32, 28), (-20, 42)], _GREEN, width=3.0)
    petals = pen.placed(0, -18, degrees=rng.uniform(0, 60))
    spots = [(20 * math.cos(step * math.tau / 6), 20 * math.sin(step * math.tau / 6)) for step in range(6)]
    for x, y in spots:
        petals.ellipse(x, y, 14, 14, colour)
    for x, y in spots:
        petals.ellipse(x, y, 13, 13, colour, outline=False)
    centre = _GOLD if colour[0] < 230 or colour[2] > 110 else (150, 90, 50)
    petals.ellipse(0, 0, 13, 13, centre, width=3.0)


def _draw_balloon(pen: Pen, colour: RGB) -> None:
    pen.line([(0, 28), (6, 46), (-5, 62), (4, 84)], None, 3.4, is_smooth=True)
    pen.polygon([(0, 22), (7, 33), (-7, 33)], darker(colour, 0.2))
    pen.curve([(0, -52), (28, -42), (38, -14), (24, 14), (0, 27), (-24, 14), (-38, -14), (-28, -42)], colour)
    if not pen.palette.is_flat:
        pen.ellipse(-15, -27, 7, 12, lighter(colour, 0.65), outline=False, degrees=28)


def _draw_lantern(pen: Pen, colour: RGB) -> None:
    """A palace lantern: ribbed paper, golden caps, a tassel."""
    pen.line([(0, -52), (0, -40)], None, 4.0)
    for x in (-5, 0, 5):
        pen.line([(x * 0.6, 32), (x, 58)], _GOLD if colour[1] < 150 else (212, 60, 60), 4.6)
    pen.ellipse(0, 0, 44, 34, colour)
    if not pen.palette.is_flat:
        pen.ellipse(0, 0, 22, 25, mixed(colour, (255, 224, 120), 0.55), outline=False)
    for reach in (14, 31):
        pen.arc(0, 0, reach, 32, 90, 270, darker(colour, 0.3), 3.6)
        pen.arc(0, 0, reach, 32, -90, 90, darker(colour, 0.3), 3.6)
    pen.rounded_rectangle(-18, -42, 18, -31, 3, _GOLD)
    pen.rounded_rectangle(-18, 31, 18, 41, 3, _GOLD)


def _draw_ball(pen: Pen, colour: RGB, rng: random.Random) -> None:
    pen.ellipse(0, 0, 46, 46, colour)
    ball = pen.placed(0, 0, degrees=rng.uniform(-20, 20))
    band = (255, 250, 240) if min(colour) < 200 else (240, 110, 96)
    ball.curve(
        [(-44, -12), (-14, -5), (14, -5), (44, -12), (44, 12), (14, 19), (-14, 19), (-44, 12)], band, outline=False
    )
    star = []
    for step in range(10):
        reach = 13.0 if step % 2 == 0 else 5.5
        turn = math.radians(36 * step - 90)
        star.append((reach * math.cos(turn), 6 + reach * math.sin(turn)))
    ball.polygon(star, _GOLD, width=2.0)
    if not pen.palette.is_flat:
        pen.arc(0, 0, 36, 36, 205, 245, lighter(colour, 0.6), 6.0)


def _draw_umbrella(pen: Pen, colour: RGB) -> None:
    pen.line([(0, -40), (0, 42), (8, 52), (17, 44)], _WOOD, 6.0, is_smooth=True, outline=True)
    dome = [(-56, 4), (-50, -20), (-30, -42), (0, -50), (30, -42), (50, -20), (56, 4)]
    rim = [(37, -5), (19, 4), (0, -5), (-19, 4), (-37, -5)]
    canopy = [(float(x), float(y)) for x, y in smoothed(dome, is_closed=False)]
    pen.polygon([*canopy, *rim], colour)
    pale = lighter(colour, 0.6) if min(colour) < 200 else (250, 150, 150)
    pen.polygon([(0, -49), (19, -30), (20, 2), (0, -6), (-20, 2), (-19, -30)], pale, outline=False)
    pen.line([(0, -50), (0, -58)], None, 5.0)


_FIXED: dict[str, Callable[[Pen, RGB], None]] = {
    "book": _draw_book,
    "microphone": _draw_microphone,
    "balloon": _draw_balloon,
    "lantern": _draw_lantern,
    "umbrella": _draw_umbrella,
}
_VARIED: dict[str, Callable[[Pen, RGB, random.Random], None]] = {
    "yarn_ball": _draw_yarn_ball,
    "toys": _draw_toys,
    "flower": _draw_flower,
    "ball": _draw_ball,
}
