"""Places under the open sky near people: shooting star, street, garden, beach, castle."""

from __future__ import annotations

from story_engine.preview_model.world.drawing.backdrop import EDGE, Backdrop, Layout, box_on
from story_engine.preview_model.world.drawing.canvas import RGB, Pen
from story_engine.preview_model.world.drawing.colours import darker, lighter, mixed
from story_engine.preview_model.world.drawing.curves import svg_points


def starry_sky(backdrop: Backdrop) -> Layout:
    """A great sky full of stars and one shooting star over dark hills."""
    lights, rng = backdrop.lights, backdrop.rng
    top, bottom = {
        "day": ((58, 92, 190), (150, 178, 240)),
        "dusk": ((62, 48, 130), (240, 140, 150)),
        "night": ((14, 18, 68), (64, 74, 160)),
    }[backdrop.time]
    lights.vertical_gradient([(-EDGE, -EDGE), (296, -EDGE), (296, 206), (-EDGE, 206)], top, bottom)
    for _ in range(20):
        backdrop.star(rng.uniform(0, 256), rng.uniform(2, 150), rng.uniform(3.5, 8))
    head_x, head_y = rng.uniform(52, 84), rng.uniform(56, 78)
    lights.polygon(
        [(head_x - 4, head_y - 9), (head_x + 7, head_y + 6), (head_x + 124, head_y - 64)],
        (190, 214, 255),
        outline=False,
    )
    lights.polygon(
        [(head_x - 2, head_y - 5), (head_x + 4, head_y + 3), (head_x + 82, head_y - 42)], (255, 252, 226), outline=False
    )
    lights.glow(head_x, head_y, 44, (255, 250, 210), 0.9)
    lights.polygon(_five_points(head_x, head_y, 20), (255, 240, 150))
    ground = mixed((34, 52, 96), top, 0.25)
    lights.ellipse(46, 244, 150, 62, lighter(ground, 0.16), outline=False)
    lights.ellipse(216, 250, 150, 60, lighter(ground, 0.08), outline=False)
    lights.ellipse(128, 290, 220, 78, ground)
    return Layout(main_x=rng.uniform(150, 164), ground_y=240)


def street(backdrop: Backdrop) -> Layout:
    """A row of houses, a road with a zebra crossing and a street lamp."""
    pen, rng = backdrop.pen, backdrop.rng
    backdrop.sky(150)
    walls: list[RGB] = [(236, 128, 104), (246, 206, 122), (132, 176, 206), (226, 158, 176), (160, 196, 148)]
    rng.shuffle(walls)
    left = -26.0
    for wall in walls:
        width = rng.uniform(56, 68)
        top = rng.uniform(36, 78)
        backdrop.box(left, top, left + width, 178, wall)
        pen.polygon([(left - 4, top), (left + width / 2, top - 24), (left + width + 4, top)], darker(wall, 0.35))
        for row in range(2):
            for column in (0.28, 0.72):
                glass = (255, 226, 120) if backdrop.is_night else (208, 236, 250)
                x, y = left + width * column, top + 20 + row * 38
                box_on(backdrop.lights, x - 9, y - 11, x + 9, y + 11, glass)
        left += width
    backdrop.box(-EDGE, 178, 296, 196, (206, 200, 196))
    backdrop.box(-EDGE, 196, 296, 296, (104, 108, 122))
    for x in range(-16, 280, 44):
        pen.polygon([(x + 8, 208), (x + 32, 208), (x + 28, 250), (x, 250)], (240, 240, 236), outline=False)
    lamp = rng.choice((24.0, 232.0))
    pen.line([(lamp, 84), (lamp, 194)], (58, 62, 76), 7)
    if backdrop.is_night:
        backdrop.lights.glow(lamp, 80, 74, (255, 226, 140), 0.85)
    backdrop.lights.ellipse(lamp, 78, 13, 13, (255, 240, 180))
    return Layout(ground_y=238)


def garden(backdrop: Backdrop) -> Layout:
    """A lawn with a white fence, an arch of roses and beds of flowers."""
    pen, rng = backdrop.pen, backdrop.rng
    backdrop.sky(140)
    backdrop.cloud(rng.uniform(80, 170), 40, 20)
    for x in range(-10, 290, 46):
        pen.ellipse(x, 142, 33, 30, (78, 150, 82), outline=False)
    backdrop.pen.vertical_gradient([(-EDGE, 150), (296, 150), (296, 296), (-EDGE, 296)], (132, 206, 96), (104, 184, 84))
    for x in range(-8, 280, 22):
        pen.polygon([(x - 7, 174), (x - 7, 130), (x, 121), (x + 7, 130), (x + 7, 174)], (252, 252, 246))
    backdrop.box(-EDGE, 142, 296, 149, (252, 252, 246), outline=False)
    arch = rng.choice((54.0, 202.0))
    pen.line(
        [
            (arch - 38, 178),
            (arch - 38, 74),
            (arch - 22, 46),
            (arch, 38),
            (arch + 22, 46),
            (arch + 38, 74),
            (arch + 38, 178),
        ],
        (66, 138, 76),
        14,
        is_smooth=True,
    )
    for dx, dy in ((-38, 150), (-38, 112), (-34, 72), (-12, 42), (18, 44), (36, 78), (38, 118), (38, 156)):
        pen.ellipse(arch + dx, dy, 8, 8, rng.choice(((250, 110, 140), (255, 240, 240), (236, 70, 90))), outline=False)
    for x in range(6, 262, 30):
        y = 188 + rng.uniform(-4, 5)
        petals = rng.choice(((250, 96, 120), (255, 210, 70), (255, 255, 255), (200, 110, 220)))
        pen.line([(x, y), (x, y + 14)], (56, 128, 66), 4)
        pen.ellipse(x, y, 9, 9, petals, outline=False)
        pen.ellipse(x, y, 3.5, 3.5, (255, 232, 120), outline=False)
    return Layout()


def beach(backdrop: Backdrop) -> Layout:
    """Sea, golden sand, a palm and a striped parasol."""
    pen, rng = backdrop.pen, backdrop.rng
    backdrop.sky(112)
    backdrop.cloud(rng.uniform(90, 160), 36, 18)
    sea = (46, 150, 206)
    backdrop.box(-EDGE, 112, 296, 190, sea, outline=False)
    for y in (126, 142):
        x = rng.uniform(-10, 20)
        while x < 256:
            pen.line([(x, y), (x + 26, y)], lighter(sea, 0.5), 4)
            x += rng.uniform(50, 70)
    pen.curve(
        svg_points("-60,166 20,162 90,172 160,162 230,170 316,164 316,320 -60,320"),
        (255, 255, 250),
        outline=False,
    )
    pen.curve(
        svg_points("-60,174 20,170 90,180 160,170 230,178 316,172 316,320 -60,320"),
        (246, 214, 148),
        outline=False,
    )
    side = rng.choice((-1, 1))
    _palm(pen.placed(128 + side * 106, 204, facing=side))
    _parasol(pen.placed(128 - side * 88, 206))
    return Layout(ground_y=238)


def castle(backdrop: Backdrop) -> Layout:
    """A fairy-tale castle of pale stone with pointed blue roofs on a green hill."""
    pen, rng = backdrop.pen, backdrop.rng
    backdrop.sky(176)
    backdrop.cloud(rng.uniform(20, 60), 64, 16)
    pen.ellipse(128, 214, 190, 62, (126, 190, 104), outline=False)
    stone, roof = (226, 218, 214), rng.choice(((64, 104, 190), (196, 70, 84), (120, 84, 180)))
    for x, top, half in ((66.0, 78.0, 17.0), (190.0, 78.0, 17.0), (128.0, 46.0, 22.0)):
        backdrop.box(x - half, top, x + half, 184, stone)
        pen.polygon([(x - half - 8, top), (x, top - half * 2.2), (x + half + 8, top)], roof)
        glass = (255, 224, 120) if backdrop.is_night else (92, 96, 132)
        backdrop.lights.ellipse(x, top + 24, 7, 11, glass)
        pen.polygon(
            [(x, top - half * 2.2), (x + 18, top - half * 2.2 + 5), (x, top - half * 2.2 + 11)],
            (240, 80, 80),
            outline=False,
        )
    backdrop.box(48, 120, 208, 190, lighter(stone, 0.2))
    for x in range(48, 208, 32):
        backdrop.box(x, 108, x + 17, 122, lighter(stone, 0.2))
    pen.curve([(106, 191), (106, 160), (128, 142), (150, 160), (150, 191)], (124, 78, 52))
    backdrop.pen.vertical_gradient([(-EDGE, 190), (296, 190), (296, 296), (-EDGE, 296)], (126, 190, 104), (92, 164, 84))
    pen.curve([(110, 190), (148, 190), (176, 216), (196, 300), (64, 300), (88, 216)], (234, 212, 166), outline=False)
    return Layout(ground_y=240)


def _palm(pen: Pen) -> None:
    pen.line([(0, 0), (-6, -50), (-18, -104)], (150, 100, 62), 11, is_smooth=True, outline=True)
    for x, y in ((-64, -100), (-56, -134), (-14, -150), (26, -130), (32, -92)):
        pen.curve(
            [(-18, -106), ((x - 18) / 2 - 4, (y - 106) / 2 - 14), (x, y), ((x - 18) / 2 + 4, (y - 106) / 2 + 2)],
            (62, 158, 84),
        )


def _parasol(pen: Pen) -> None:
    pen.line([(0, 4), (0, -84)], (240, 240, 236), 6, outline=True)
    pen.curve([(-52, -66), (-34, -98), (0, -112), (34, -98), (52, -66)], (240, 84, 76))
    pen.polygon([(-20, -68), (-10, -108), (10, -108), (20, -68)], (255, 250, 240), outline=False)


def _five_points(x: float, y: float, radius: float) -> list[tuple[float, float]]:
    unit = (
        (0, -1),
        (0.26, -0.36),
        (0.95, -0.31),
        (0.43, 0.14),
        (0.59, 0.81),
        (0, 0.45),
        (-0.59, 0.81),
        (-0.43, 0.14),
        (-0.95, -0.31),
        (-0.26, -0.36),
    )
    return [(x + dx * radius, y + dy * radius) for dx, dy in unit]
