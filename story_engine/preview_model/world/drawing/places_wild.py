"""Places far from people: forest, snowy mountains, desert, the bottom of the sea."""

from __future__ import annotations

from story_engine.preview_model.world.drawing.backdrop import EDGE, Backdrop, Layout
from story_engine.preview_model.world.drawing.canvas import Pen
from story_engine.preview_model.world.drawing.colours import darker, lighter, mixed
from story_engine.preview_model.world.drawing.curves import svg_points


def forest(backdrop: Backdrop) -> Layout:
    """Dark trunks under a canopy of leaves, ferns and a clearing."""
    pen, rng = backdrop.pen, backdrop.rng
    backdrop.sky(170, has_disc=backdrop.is_night)
    for left in range(-10, 290, 38):
        pen.ellipse(left, 96 + rng.uniform(-8, 8), 32, 62, (124, 184, 122), outline=False)
    pen.vertical_gradient([(-EDGE, 152), (296, 152), (296, 296), (-EDGE, 296)], (90, 152, 74), (118, 178, 84))
    for x in (70.0, 186.0):
        _tree(pen.placed(x + rng.uniform(-14, 14), 168, scale=0.8))
    for x in (4.0, 252.0):
        _tree(pen.placed(x + rng.uniform(-8, 8), 206, scale=1.3))
    for x in (40.0, 214.0):
        x += rng.uniform(-10, 10)
        pen.line([(x, 222), (x, 210)], (250, 240, 226), 8, outline=True)
        pen.curve([(x - 13, 211), (x, 194), (x + 13, 211)], (224, 66, 56))
    return Layout()


def snow_mountain(backdrop: Backdrop) -> Layout:
    """White peaks, snow-laden firs and a field of snow."""
    pen, rng = backdrop.pen, backdrop.rng
    backdrop.sky(160)
    rock = (116, 140, 186)
    for x, top, half in ((24.0, 62.0, 92.0), (226.0, 54.0, 96.0), (128.0 + rng.uniform(-12, 12), 22.0, 96.0)):
        pen.polygon([(x - half, 178), (x, top), (x + half, 178)], rock)
        cap = 0.42
        y, low = top + (178 - top) * cap, half * cap
        pen.polygon(
            [(x, top), (x + low, y), (x + half * 0.2, y - 12), (x, y + 8), (x - half * 0.2, y - 10), (x - low, y)],
            (250, 252, 255),
            outline=False,
        )
    pen.curve(svg_points("-70,176 20,164 128,178 236,164 330,176 330,330 -70,330"), (238, 244, 252))
    for x, y, size in ((24.0, 196.0, 1.0), (66.0, 186.0, 0.7), (204.0, 188.0, 0.7), (238.0, 200.0, 1.1)):
        _fir(pen.placed(x + rng.uniform(-6, 6), y, scale=size))
    for _ in range(14):
        pen.ellipse(rng.uniform(0, 256), rng.uniform(0, 170), 3.4, 3.4, (255, 255, 255), outline=False)
    return Layout()


def desert(backdrop: Backdrop) -> Layout:
    """Golden dunes, pyramids and a cactus."""
    pen, rng = backdrop.pen, backdrop.rng
    backdrop.sky(150)
    sand = (240, 190, 108)
    for x, top, half in ((76.0, 62.0, 74.0), (176.0, 92.0, 52.0)):
        x += rng.uniform(-8, 8)
        pen.polygon([(x - half, 166), (x, top), (x + half, 166)], (226, 164, 84))
        pen.polygon([(x, top), (x + half, 166), (x + half * 0.25, 166)], (188, 122, 66), outline=False)
    pen.curve(
        svg_points("-60,168 20,150 100,170 190,148 316,172 316,330 -60,330"),
        lighter(sand, 0.15),
        outline=False,
    )
    pen.curve(svg_points("-60,208 40,184 130,200 220,180 316,200 316,330 -60,330"), sand, outline=False)
    pen.line([(-40, 206), (40, 184), (130, 200), (220, 180), (300, 198)], darker(sand, 0.25), 4, is_smooth=True)
    side = rng.choice((-1, 1))
    _cactus(pen.placed(128 + side * 100, 214, facing=side))
    return Layout(ground_y=238)


def underwater(backdrop: Backdrop) -> Layout:
    """Blue-green water with rays of light, corals, weeds, fishes and bubbles."""
    pen, lights, rng = backdrop.pen, backdrop.lights, backdrop.rng
    top, bottom = {
        "day": ((110, 224, 232), (18, 112, 176)),
        "dusk": ((214, 170, 180), (40, 86, 150)),
        "night": ((40, 90, 160), (12, 32, 92)),
    }[backdrop.time]
    lights.vertical_gradient([(-EDGE, -EDGE), (296, -EDGE), (296, 296), (-EDGE, 296)], top, bottom)
    for x in (30.0, 108.0, 190.0):
        x += rng.uniform(-16, 16)
        lights.polygon(
            [(x, -EDGE), (x + 24, -EDGE), (x + 6, 190), (x - 52, 190)], mixed(top, bottom, 0.25), outline=False
        )
    pen.curve(
        svg_points("-60,214 30,200 128,212 220,198 316,212 316,330 -60,330"),
        (222, 200, 142),
        outline=False,
    )
    for x, colour in ((22.0, (244, 106, 120)), (232.0, (250, 150, 90)), (196.0, (206, 110, 200))):
        _coral(pen.placed(x + rng.uniform(-8, 8), 224), colour)
    for x in (54.0, 70.0, 252.0):
        pen.line([(x, 226), (x - 9, 196), (x + 7, 168), (x - 4, 140)], (54, 170, 104), 9, is_smooth=True)
    for _ in range(9):
        x, y, radius = rng.uniform(8, 248), rng.uniform(10, 180), rng.uniform(5, 10)
        lights.ellipse(
            x, y, radius, radius, lighter(mixed(top, bottom, y / 256), 0.3), outline=(226, 248, 255), width=2.2
        )
    for x, y, colour in ((50.0, 64.0, (255, 196, 70)), (210.0, 96.0, (255, 130, 90))):
        _fish(pen.placed(x + rng.uniform(-20, 20), y + rng.uniform(-14, 14), facing=rng.choice((-1, 1))), colour)
    return Layout()


def _tree(pen: Pen) -> None:
    pen.polygon([(-12, 4), (-8, -70), (8, -70), (12, 4)], (116, 76, 52))
    for x, y, radius in ((-26, -84, 32), (26, -84, 32), (0, -116, 40)):
        pen.ellipse(x, y, radius, radius * 0.92, (48, 122, 70))
    pen.ellipse(0, -98, 40, 34, (48, 122, 70), outline=False)
    pen.ellipse(-10, -120, 16, 12, (84, 158, 92), outline=False)


def _fir(pen: Pen) -> None:
    pen.line([(0, 6), (0, -10)], (110, 74, 56), 9)
    for y, half in ((-6, 28), (-30, 23), (-52, 17)):
        pen.polygon([(-half, y), (0, y - 36), (half, y)], (52, 122, 108))
        pen.polygon([(-half * 0.5, y - 18), (0, y - 36), (half * 0.5, y - 18)], (250, 252, 255), outline=False)


def _cactus(pen: Pen) -> None:
    green = (70, 150, 92)
    pen.line([(0, 0), (0, -86)], green, 22, outline=True)
    pen.line([(0, -34), (26, -34), (26, -62)], green, 14, outline=True)
    pen.line([(0, -46), (-26, -46), (-26, -70)], green, 14, outline=True)
    pen.line([(0, -4), (0, -84)], green, 20)
    pen.ellipse(0, -98, 8, 7, (250, 120, 150))


def _coral(pen: Pen, colour: tuple[int, int, int]) -> None:
    for path in (((0, 0), (0, -54)), ((0, -16), (20, -34), (20, -52)), ((0, -24), (-18, -40), (-18, -56))):
        pen.line(list(path), colour, 11, outline=True)
    pen.line([(0, -2), (0, -50)], colour, 11)


def _fish(pen: Pen, colour: tuple[int, int, int]) -> None:
    pen.polygon([(-14, 0), (-30, -12), (-30, 12)], colour)
    pen.ellipse(0, 0, 20, 13, colour)
    pen.ellipse(9, -3, 3.5, 3.5, (40, 30, 40), outline=False)
