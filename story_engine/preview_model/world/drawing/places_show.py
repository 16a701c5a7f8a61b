"""Where the singer's story happens: seats before a stage, the stage, practice room and fitting room."""

from __future__ import annotations

from story_engine.preview_model.world.drawing.backdrop import EDGE, Backdrop, Layout
from story_engine.preview_model.world.drawing.canvas import RGB, Pen
from story_engine.preview_model.world.drawing.colours import darker, lighter, mixed

_GLOW_STICKS: tuple[RGB, ...] = ((255, 120, 200), (120, 230, 255), (255, 240, 120), (160, 255, 150))


def audience(backdrop: Backdrop) -> Layout:
    """A dark hall full of heads and glow sticks; the bright little stage is far away."""
    pen, lights, rng = backdrop.pen, backdrop.lights, backdrop.rng
    hall = {"day": (66, 56, 120), "dusk": (92, 48, 104), "night": (36, 30, 84)}[backdrop.time]
    lights.vertical_gradient([(-EDGE, -EDGE), (296, -EDGE), (296, 296), (-EDGE, 296)], hall, darker(hall, 0.4))
    stage_x = rng.uniform(148, 166)
    for lean, colour in ((-46, (255, 150, 214)), (0, (255, 240, 190)), (46, (140, 210, 255))):
        lights.polygon(
            [
                (stage_x + lean * 1.5 - 6, -EDGE),
                (stage_x + lean * 1.5 + 6, -EDGE),
                (stage_x + lean * 0.5 + 26, 76),
                (stage_x + lean * 0.5 - 26, 76),
            ],
            mixed(hall, colour, 0.45),
            outline=False,
        )
    lights.glow(stage_x, 62, 110, (255, 214, 236), 0.7)
    lights.rounded_rectangle(stage_x - 78, 8, stage_x + 78, 76, 6, (112, 176, 250), outline=(255, 240, 200))
    lights.ellipse(stage_x, 78, 50, 60, (196, 232, 255), outline=False)
    lights.polygon(
        [(stage_x - 78, 8), (stage_x - 54, 8), (stage_x - 66, 76), (stage_x - 78, 76)], (214, 60, 110), outline=False
    )
    lights.polygon(
        [(stage_x + 78, 8), (stage_x + 54, 8), (stage_x + 66, 76), (stage_x + 78, 76)], (214, 60, 110), outline=False
    )
    lights.polygon([(stage_x - 80, 76), (stage_x + 80, 76), (stage_x + 94, 92), (stage_x - 94, 92)], (255, 206, 226))
    for shift, dress in ((-34, (120, 70, 220)), (0, (236, 62, 92)), (34, (244, 150, 30))):
        _tiny_singer(lights, stage_x + shift, 80, dress)
    for row, (y, size) in enumerate(((104, 9.0), (124, 11.5), (148, 14.5), (176, 18.0))):
        shade = mixed(hall, (14, 10, 40), 0.25 + row * 0.12)
        step = size * 2.3
        x = -EDGE / 2 + (row % 2) * step / 2
        while x < 276:
            lights.ellipse(x, y, size * 0.86, size, shade, outline=False)
            lights.rounded_rectangle(
                x - size * 1.1, y + size * 0.8, x + size * 1.1, y + size * 3, size * 0.6, shade, outline=False
            )
            if rng.random() < 0.3:
                tip = x + size + rng.uniform(-5, 5)
                stick = rng.choice(_GLOW_STICKS)
                lights.line([(x + size, y + 4), (tip, y - size * 1.5)], stick, 4.5 + row)
            x += step
    for left in range(-32, 290, 64):
        pen.rounded_rectangle(left + 3, 186, left + 61, 290, 14, (196, 54, 70))
        pen.line([(left + 16, 204), (left + 48, 204)], (232, 104, 110), 5)
    return Layout(main_x=94, ground_y=242, seat_y=244)


def stage(backdrop: Backdrop) -> Layout:
    """Curtains, crossing spotlights and a shining floor."""
    pen, lights, rng = backdrop.pen, backdrop.lights, backdrop.rng
    back = {"day": (86, 70, 158), "dusk": (128, 62, 120), "night": (48, 36, 110)}[backdrop.time]
    lights.vertical_gradient(
        [(-EDGE, -EDGE), (296, -EDGE), (296, 190), (-EDGE, 190)], darker(back, 0.35), lighter(back, 0.12)
    )
    lights.vertical_gradient([(-EDGE, 186), (296, 186), (296, 296), (-EDGE, 296)], (214, 130, 120), (150, 76, 96))
    lights.line([(-EDGE, 186), (296, 186)])
    sway = rng.uniform(-12, 12)
    for source, target, colour in (
        (64, 100, (255, 160, 220)),
        (192, 156, (140, 214, 255)),
        (128, 128, (255, 246, 200)),
    ):
        lights.polygon(
            [(source + sway - 6, -EDGE), (source + sway + 6, -EDGE), (target + 52, 214), (target - 52, 214)],
            mixed(back, colour, 0.42),
            outline=False,
        )
    lights.ellipse(128, 226, 86, 22, (255, 240, 190), outline=False)
    for x in (64 + sway, 128 + sway, 192 + sway):
        lights.rounded_rectangle(x - 11, -6, x + 11, 15, 5, (60, 56, 76))
    red = rng.choice(((206, 44, 84), (190, 36, 60), (170, 40, 120)))
    for side in (0, 1):
        for fold in range(3):
            x = fold * 16 - 8 if side == 0 else 256 - fold * 16 - 8
            shade = red if fold % 2 == 0 else darker(red, 0.3)
            reach = 196 - fold * 5
            pen.polygon([(x - 4, -EDGE), (x + 20, -EDGE), (x + 17, reach), (x - 1, reach)], shade)
    for x in range(0, 272, 51):
        pen.curve([(x - 28, -EDGE), (x + 28, -EDGE), (x + 26, 6), (x, 18), (x - 26, 6)], red)
    for lamp in range(14, 256, 38):
        lights.glow(lamp, 250, 26, (255, 246, 190), 0.9)
        lights.ellipse(lamp, 252, 8, 7, (255, 250, 214))
    return Layout(ground_y=234)


def practice_room(backdrop: Backdrop) -> Layout:
    """A mirror wall with a bar over a wooden floor, a speaker and a stand with a microphone."""
    pen, rng = backdrop.pen, backdrop.rng
    backdrop.room((190, 206, 232), (226, 172, 108), 172, skirting=(120, 136, 180))
    for left in (14, 92, 170):
        backdrop.box(left, 16, left + 72, 160, (208, 238, 242), outline=(104, 122, 168))
        pen.polygon(
            [(left + 12, 158), (left + 30, 158), (left + 66, 18), (left + 48, 18)], (236, 250, 252), outline=False
        )
    pen.line([(-EDGE, 118), (296, 118)], (186, 116, 66), 8)
    for x in range(-40, 300, 58):
        pen.line([(x + (x - 128) * 0.0, 174), (128 + (x - 128) * 1.7, 290)], (196, 140, 82), 4)
    speaker = rng.choice((30.0, 226.0))
    backdrop.box(speaker - 24, 126, speaker + 24, 208, (62, 62, 80))
    pen.ellipse(speaker, 184, 16, 16, (120, 124, 148))
    pen.ellipse(speaker, 184, 6, 6, (50, 50, 66), outline=False)
    pen.ellipse(speaker, 148, 10, 10, (120, 124, 148))
    stand = 256 - speaker
    pen.line([(stand, 112), (stand, 222)], (60, 60, 76), 5)
    pen.line([(stand - 18, 226), (stand, 216), (stand + 18, 226)], (60, 60, 76), 5)
    pen.polygon([(stand - 24, 108), (stand + 24, 108), (stand + 19, 140), (stand - 19, 140)], (82, 84, 104))
    pen.polygon(
        [(stand - 16, 112), (stand + 16, 112), (stand + 13, 134), (stand - 13, 134)], (252, 250, 240), outline=False
    )
    if backdrop.is_night:
        backdrop.lights.glow(128, -6, 110, (255, 240, 200), 0.6)
    return Layout()


def fitting_room(backdrop: Backdrop) -> Layout:
    """A curtain booth, a tall mirror in a gold frame and a rack of clothes."""
    pen, rng = backdrop.pen, backdrop.rng
    backdrop.room((240, 208, 214), (176, 128, 138), 178, skirting=(250, 240, 236))
    for x in range(-16, 280, 32):
        backdrop.box(x, -EDGE, x + 16, 171, (248, 222, 226), outline=False)
    flip = rng.random() < 0.5

    def at(x: float) -> float:
        return 256 - x if flip else x

    curtain = rng.choice(((206, 62, 112), (150, 74, 150), (186, 50, 80)))
    pen.line([(at(-EDGE), 20), (at(92), 20)], (214, 166, 72), 7)
    for fold in range(5):
        shade = curtain if fold % 2 == 0 else darker(curtain, 0.25)
        left, right = at(fold * 17 - 10), at(fold * 17 + 8)
        pen.polygon([(left, 22), (right, 22), (at(fold * 17 + 9), 216), (at(fold * 17 - 10), 216)], shade)
    mirror = at(214)
    pen.ellipse(mirror, 112, 37, 96, (222, 170, 72))
    pen.ellipse(mirror, 112, 28, 86, (206, 234, 240), outline=False)
    pen.polygon(
        [(mirror - 20, 140), (mirror + 12, 60), (mirror + 20, 76), (mirror - 12, 160)], (240, 250, 252), outline=False
    )
    rack_left, rack_right = sorted((at(100), at(168)))
    pen.line([(rack_left - 2, 190), (rack_left, 60), (rack_right, 60), (rack_right + 2, 190)], (110, 110, 124), 5)
    clothes = rng.sample(((250, 214, 90), (110, 176, 226), (244, 130, 150), (140, 200, 140), (50, 48, 70)), 3)
    for index, colour in enumerate(clothes):
        middle = rack_left + 14 + index * 20
        half = ((6.0, 66.0), (9, 100), (13, 148))
        outline = [(middle + reach, y) for reach, y in half] + [(middle - reach, y) for reach, y in reversed(half)]
        pen.polygon(outline, colour)
    pen.ellipse(128, 234, 88, 18, (250, 226, 224), outline=False)
    if backdrop.is_night:
        backdrop.lights.glow(mirror, 100, 100, (255, 236, 190), 0.5)
    return Layout()


def _tiny_singer(pen: Pen, x: float, ground: float, dress: RGB) -> None:
    pen.polygon(
        [(x - 3, ground - 30), (x + 3, ground - 30), (x + 14, ground + 4), (x - 14, ground + 4)], dress, outline=False
    )
    pen.line([(x + 4, ground - 22), (x + 15, ground - 34)], (255, 214, 184), 4.5)
    pen.ellipse(x, ground - 38, 11, 11, (92, 50, 70), outline=False)
    pen.ellipse(x, ground - 35, 8, 8, (255, 214, 184), outline=False)
