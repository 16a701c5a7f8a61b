"""The old palace: its hall, throne, chamber and dark corner, and the light that leads there."""

from __future__ import annotations

import math
from collections.abc import Callable

from story_engine.preview_model.world.drawing.backdrop import EDGE, Backdrop, Layout, box_on
from story_engine.preview_model.world.drawing.canvas import RGB, Pen
from story_engine.preview_model.world.drawing.colours import darker, lighter, mixed

_RED: RGB = (190, 46, 40)
_GOLD: RGB = (240, 188, 70)
_JADE: RGB = (54, 138, 124)


def palace_hall(backdrop: Backdrop) -> Layout:
    """Red pillars, painted beams and golden lattice around an open floor."""
    pen, rng = backdrop.pen, backdrop.rng
    backdrop.room((246, 214, 150), (196, 176, 150), 170)
    for left in (64.0, 136.0):
        _lattice(pen, left, 64, 56, 106)
    shift = rng.uniform(-5, 5)
    for x in (22.0, 128.0, 234.0):
        _pillar(pen, x + (shift if x != 128 else 0), 44, 186 if x != 128 else 172, 17 if x != 128 else 11)
    _beams(pen, 0, 52)
    pen.polygon([(92, 172), (164, 172), (206, 296), (50, 296)], (178, 44, 48), outline=_GOLD)
    for x in (76.0, 180.0):
        _palace_lantern(backdrop, x, 74)
    return Layout()


def throne_room(backdrop: Backdrop) -> Layout:
    """A golden dragon throne on its steps before a great screen."""
    pen = backdrop.pen
    backdrop.room((132, 30, 40), (150, 96, 84), 178)
    _beams(pen, 0, 26)
    for x in (18.0, 238.0):
        _pillar(pen, x, 24, 200, 15)
        pen.curve(
            [
                (x - 8, 150),
                (x + 9, 126),
                (x - 8, 100),
                (x + 8, 74),
                (x + 1, 70),
                (x - 14, 98),
                (x + 2, 126),
                (x - 14, 148),
            ],
            _GOLD,
            outline=False,
        )
    for index, left in enumerate((44, 86, 128, 170)):
        height = 40 if index in (1, 2) else 54
        backdrop.box(left, height, left + 42, 184, _JADE if index in (0, 3) else darker(_JADE, 0.15))
        backdrop.box(left + 7, height + 9, left + 35, height + 40, _GOLD, outline=False)
    for step, (half, top) in enumerate(((74, 186), (96, 202), (120, 219))):
        backdrop.box(128 - half, top, 128 + half, top + 18, (228 - step * 8, 206 - step * 10, 170 - step * 8))
    pen.polygon([(100, 187), (156, 187), (172, 240), (84, 240)], (196, 40, 46), outline=False)
    _throne(pen.placed(128, 200))
    if backdrop.is_night:
        for x in (52.0, 204.0):
            _candle(backdrop, x, 196)
    return Layout(seat_y=214, ground_y=240)


def palace_chamber(backdrop: Backdrop) -> Layout:
    """A round moon window between gauze curtains, and a silk cushion on the floor."""
    pen, lights, rng = backdrop.pen, backdrop.lights, backdrop.rng
    backdrop.room((150, 190, 180), (176, 120, 92), 176, skirting=(120, 70, 56))
    x = rng.uniform(118, 138)
    pen.ellipse(x, 86, 66, 66, (132, 66, 48))
    sky = {"day": (214, 240, 244), "dusk": (252, 190, 130), "night": (34, 44, 104)}[backdrop.time]
    lights.ellipse(x, 86, 56, 56, sky, outline=False)
    lights.ellipse(x + 20, 66, 16, 16, (255, 250, 220), outline=False)
    branch = (96, 62, 56)
    pen.line([(x - 54, 104), (x - 20, 92), (x + 16, 104), (x + 36, 96)], branch, 6)
    for dx, dy in ((-30, 88), (-8, 98), (14, 98), (34, 90)):
        pen.ellipse(x + dx, dy, 7, 7, (248, 150, 176), outline=False)
    gauze = rng.choice(((206, 150, 214), (240, 170, 180), (226, 196, 120)))
    for side in (0, 1):
        at: Callable[[float], float] = (lambda v: 256 - v) if side else (lambda v: v)
        pen.curve(
            [
                (at(-EDGE), -EDGE),
                (at(74), -EDGE),
                (at(70), 10),
                (at(40), 84),
                (at(30), 128),
                (at(44), 214),
                (at(-EDGE), 214),
            ],
            gauze,
        )
        pen.curve(
            [(at(-EDGE), -EDGE), (at(36), -EDGE), (at(18), 84), (at(14), 128), (at(20), 212), (at(-EDGE), 212)],
            lighter(gauze, 0.3),
            outline=False,
        )
        pen.ellipse(at(32), 128, 12, 8, _GOLD)
    backdrop.box(-EDGE, -EDGE, 296, 14, _RED)
    for px in range(-10, 270, 28):
        pen.ellipse(px, 14, 11, 9, _GOLD)
    if backdrop.is_night:
        _candle(backdrop, 212, 190)
    return Layout(ground_y=232, front=None)


def dark_corner(backdrop: Backdrop) -> Layout:
    """A violet corner of the palace; through a door of blue light a bright living room shows."""
    lights, rng = backdrop.lights, backdrop.rng
    wall = {"day": (70, 62, 122), "dusk": (84, 56, 108), "night": (46, 42, 96)}[backdrop.time]
    lights.vertical_gradient([(-EDGE, -EDGE), (296, -EDGE), (296, 176), (-EDGE, 176)], darker(wall, 0.4), wall)
    lights.vertical_gradient(
        [(-EDGE, 174), (296, 174), (296, 296), (-EDGE, 296)], darker(wall, 0.2), lighter(wall, 0.16)
    )
    lights.line([(-EDGE, 174), (296, 174)])
    pillar = mixed(wall, (150, 40, 60), 0.45)
    door_is_left = rng.random() < 0.5
    door = 78.0 if door_is_left else 178.0
    for x in (10.0, 128.0, 246.0):
        if abs(x - door) > 60:
            box_on(lights, x - 14, -EDGE, x + 14, 190, pillar)
            box_on(lights, x - 19, 182, x + 19, 196, darker(pillar, 0.2))
    box_on(lights, -EDGE, -EDGE, 296, 16, mixed(wall, (180, 120, 60), 0.3))
    lights.glow(door, 110, 130, (80, 170, 255), 0.85)
    lights.polygon(
        [(door - 44, 194), (door + 44, 194), (door + 88, 262), (door - 88, 262)], (120, 170, 240), outline=False
    )
    lights.rounded_rectangle(door - 50, 30, door + 50, 196, 40, (96, 200, 255), outline=(214, 244, 255))
    box_on(lights, door - 38, 54, door + 38, 194, (255, 232, 190), outline=False)
    box_on(lights, door - 38, 152, door + 38, 195, (226, 168, 110), outline=False)
    box_on(lights, door - 28, 66, door - 2, 98, (170, 226, 255))
    lights.rounded_rectangle(door - 32, 124, door + 32, 164, 9, (70, 160, 168))
    lights.rounded_rectangle(door - 26, 144, door + 26, 172, 6, (110, 190, 192))
    lights.ellipse(door + 22, 84, 10, 10, (250, 160, 90), outline=False)
    for dx, dy, size in ((-62, 60, 10), (64, 92, 8), (-66, 140, 7), (58, 40, 9)):
        backdrop.star(door + dx, dy, size, (220, 244, 255))
    return Layout(main_x=256 - door + (14 if door_is_left else -14), ground_y=238)


def magic_light(backdrop: Backdrop) -> Layout:
    """A whirl of blue light; a living room on one side flows into a palace on the other."""
    pen, lights, rng = backdrop.pen, backdrop.lights, backdrop.rng
    lights.vertical_gradient([(-EDGE, -EDGE), (296, -EDGE), (296, 296), (-EDGE, 296)], (52, 92, 200), (120, 176, 248))
    backdrop.box(-EDGE, -EDGE, 92, 176, (250, 216, 170), outline=False)
    backdrop.box(-EDGE, 176, 92, 296, (206, 148, 96), outline=False)
    backdrop.window(8, 34, 44, 50)
    pen.rounded_rectangle(-34, 120, 58, 196, 16, (62, 150, 160))
    pen.rounded_rectangle(-34, 160, 52, 198, 9, (116, 186, 188))
    backdrop.box(164, -EDGE, 296, 176, (248, 206, 136), outline=False)
    backdrop.box(164, 176, 296, 296, (180, 160, 140), outline=False)
    _beams(pen, 0, 40, left=164)
    for x in (196.0, 244.0):
        _pillar(pen, x, 40, 194, 14)
    centre_y = 124.0
    start = rng.uniform(0, 60)
    lights.glow(128, centre_y, 158, (60, 130, 255), 1.0)
    lights.glow(128, centre_y, 128, (90, 170, 255), 1.0)
    for turn in range(8):
        angle = math.radians(start + turn * 45)
        spread = 0.1
        far = [
            (128 + 210 * math.cos(angle + lean), centre_y + 210 * math.sin(angle + lean)) for lean in (-spread, spread)
        ]
        lights.polygon([(128, centre_y), *far], (150, 206, 255), outline=False)
    lights.ellipse(128, centre_y, 92, 96, (74, 140, 246), outline=False)
    for arm in range(3):
        path = []
        for step in range(9):
            angle = math.radians(start + arm * 120 + step * 34)
            radius = 24 + step * 9.5
            path.append((128 + radius * math.cos(angle), centre_y + radius * math.sin(angle)))
        lights.line(path, (206, 236, 255), 8, is_smooth=True)
    lights.glow(128, centre_y, 76, (236, 248, 255), 0.9)
    for _ in range(7):
        angle = rng.uniform(0, 2 * math.pi)
        reach = rng.uniform(84, 118)
        backdrop.star(
            128 + reach * math.cos(angle), centre_y + reach * math.sin(angle), rng.uniform(7, 12), (240, 250, 255)
        )
    return Layout(ground_y=226)


def silk_cushion(pen: Pen, x: float, y: float, half_width: float) -> None:
    """The cushion a favourite of the palace lies on; its top is at `y`."""
    silk = (176, 60, 130)
    pen.ellipse(x, y + 10, half_width, half_width * 0.24, silk)
    pen.ellipse(x, y + 4, half_width * 0.8, half_width * 0.15, lighter(silk, 0.3), outline=False)
    for side in (-1, 1):
        pen.ellipse(x + side * half_width, y + 11, half_width * 0.08, half_width * 0.08, _GOLD)


def _pillar(pen: Pen, x: float, top: float, bottom: float, half: float) -> None:
    box_on(pen, x - half, top, x + half, bottom, _RED)
    box_on(pen, x - half * 0.55, top, x - half * 0.1, bottom, lighter(_RED, 0.28), outline=False)
    box_on(pen, x - half, top + 4, x + half, top + 18, _GOLD)
    box_on(pen, x - half - 4, bottom - 10, x + half + 4, bottom + 4, (214, 206, 190))


def _beams(pen: Pen, top: float, bottom: float, *, left: float = -EDGE) -> None:
    box_on(pen, left, top - EDGE, 296, bottom, _JADE)
    band = (bottom - top) * 0.42
    box_on(pen, left, bottom - band, 296, bottom, _GOLD)
    x = 4.0
    while x < 280:
        if x - 18 > left:
            pen.ellipse(x, bottom - band / 2, band * 0.62, band * 0.34, _RED, outline=False)
            pen.polygon(
                [(x + 2, top), (x + 18, (top + bottom - band) / 2), (x + 34, top)], (70, 108, 190), outline=False
            )
        x += 36


def _lattice(pen: Pen, left: float, top: float, width: float, height: float) -> None:
    box_on(pen, left, top, left + width, top + height, (255, 240, 200), outline=(150, 56, 40))
    for share in (1 / 3, 2 / 3):
        pen.line([(left + width * share, top), (left + width * share, top + height)], (178, 70, 48), 4)
    for share in (0.25, 0.5):
        pen.line([(left, top + height * share), (left + width, top + height * share)], (178, 70, 48), 4)
    box_on(pen, left, top + height * 0.72, left + width, top + height, (178, 60, 44))


def _throne(pen: Pen) -> None:
    pen.curve(
        [(-58, 4), (-56, -66), (-44, -96), (-22, -108), (0, -132), (22, -108), (44, -96), (56, -66), (58, 4)], _GOLD
    )
    pen.curve([(-40, 0), (-38, -62), (-24, -86), (0, -94), (24, -86), (38, -62), (40, 0)], (176, 36, 44))
    pen.ellipse(0, -112, 10, 10, (214, 60, 50))
    for side in (-1, 1):
        pen.curve([(side * 44, -94), (side * 66, -116), (side * 58, -96), (side * 62, -80), (side * 50, -78)], _GOLD)
        pen.rounded_rectangle(side * 56 - 11, -42, side * 56 + 11, 8, 7, darker(_GOLD, 0.12))
        pen.ellipse(side * 56, -44, 13, 12, _GOLD)
    pen.rounded_rectangle(-62, -10, 62, 14, 6, _GOLD)


def _palace_lantern(backdrop: Backdrop, x: float, y: float) -> None:
    if backdrop.is_night:
        backdrop.lights.glow(x, y, 56, (255, 200, 110), 0.8)
    backdrop.pen.line([(x, 48), (x, y)], _GOLD, 3)
    target = backdrop.lights if backdrop.is_night else backdrop.pen
    target.ellipse(x, y, 14, 12, (240, 84, 50))
    box_on(target, x - 8, y - 15, x + 8, y - 10, _GOLD, outline=False)
    box_on(target, x - 8, y + 10, x + 8, y + 15, _GOLD, outline=False)


def _candle(backdrop: Backdrop, x: float, y: float) -> None:
    backdrop.lights.glow(x, y - 56, 62, (255, 200, 100), 0.8)
    backdrop.pen.line([(x, y - 40), (x, y)], _GOLD, 6)
    backdrop.lights.ellipse(x, y - 50, 7, 12, (255, 236, 150), outline=False)
