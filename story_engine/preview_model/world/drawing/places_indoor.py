"""Rooms at home and at school: living room, wall of books, classroom, kitchen, and the empty backdrop."""

from __future__ import annotations

from story_engine.preview_model.world.drawing.backdrop import EDGE, SKY, Backdrop, Layout, box_on
from story_engine.preview_model.world.drawing.canvas import RGB, Pen
from story_engine.preview_model.world.drawing.colours import darker, lighter, mixed

_SPINES: tuple[RGB, ...] = (
    (196, 64, 58),
    (62, 120, 176),
    (226, 172, 66),
    (88, 148, 96),
    (134, 88, 156),
    (232, 220, 196),
    (206, 112, 60),
)


def living_room(backdrop: Backdrop) -> Layout:
    """A warm room: sofa, tea table, window, rug, scattered toys."""
    pen, rng = backdrop.pen, backdrop.rng
    backdrop.room((252, 222, 180), (206, 148, 96), 168, skirting=(255, 246, 228))
    window_left = rng.uniform(14, 30)
    backdrop.window(window_left, 22, 64, 66)
    curtain = (244, 160, 120)
    for side in (-1, 1):
        edge = window_left + 32 + side * 44
        pen.polygon([(edge - 10, 12), (edge + 10, 12), (edge + 8, 108), (edge - 8, 108)], curtain)
    _picture(backdrop, rng.uniform(186, 206), rng.uniform(34, 44))
    _lamp(backdrop, 236, 168)
    pen.ellipse(128, 226, 104, 26, (250, 226, 150), outline=False)
    pen.ellipse(128, 226, 78, 18, (255, 240, 196), outline=False)
    sofa = rng.choice(((62, 150, 160), (74, 140, 176), (84, 160, 132)))
    _sofa(pen, rng.uniform(124, 134), 188, sofa)
    if backdrop.action not in ("sitting", "holding_face"):
        _tea_table(pen, rng.choice((34.0, 222.0)), 214)
    _toys(backdrop)
    return Layout(seat_y=212)


def bookshelf(backdrop: Backdrop) -> Layout:
    """A wall full of books; an old open book on a low stand shines blue."""
    rng = backdrop.rng
    backdrop.box(-EDGE, -EDGE, 256 + EDGE, 214, (96, 58, 40), outline=False)
    backdrop.box(-EDGE, 212, 256 + EDGE, 256 + EDGE, (150, 98, 62))
    shelf_height = 52
    for row in range(4):
        bottom = 46 + row * shelf_height
        left = -rng.uniform(0, 14)
        while left < 256:
            width = rng.uniform(13, 20)
            if rng.random() < 0.1:
                left += width
                continue
            top = bottom - rng.uniform(32, 43)
            colour = mixed(rng.choice(_SPINES), (96, 58, 40), 0.1)
            backdrop.box(left, top, left + width - 1.5, bottom, colour, outline=darker(colour, 0.5))
            left += width
        backdrop.box(-EDGE, bottom, 256 + EDGE, bottom + 8, (150, 96, 60))
    for side in (0.0, 256.0):
        backdrop.box(side - 9, -EDGE, side + 9, 214, (128, 78, 50))
    if backdrop.action == "reading":
        return _book_light(backdrop)
    return _glowing_book(backdrop, rng.choice((62.0, 194.0)))


def classroom(backdrop: Backdrop) -> Layout:
    """A green blackboard over rows of desks."""
    pen, rng = backdrop.pen, backdrop.rng
    backdrop.room((250, 240, 206), (212, 178, 128), 166, skirting=(170, 206, 190))
    board_left = rng.uniform(34, 48)
    backdrop.box(board_left - 7, 27, board_left + 167, 121, (188, 126, 70))
    backdrop.box(board_left, 34, board_left + 160, 114, (40, 108, 84), outline=False)
    chalk = (236, 244, 232)
    pen.line([(board_left + 16, 54), (board_left + 66, 54)], chalk, 5)
    pen.line([(board_left + 16, 70), (board_left + 50, 70)], chalk, 5)
    pen.arc(board_left + 120, 70, 20, 20, 0, 360, chalk, 5)
    backdrop.box(board_left + 100, 112, board_left + 140, 119, (250, 250, 250), outline=False)
    if board_left > 40:
        backdrop.window(-30, 40, 44, 74)
    else:
        backdrop.window(226, 40, 44, 74)
    for x, y, size in (
        (40.0, 176.0, 0.8),
        (128.0, 174.0, 0.8),
        (216.0, 176.0, 0.8),
        (8.0, 206.0, 1.1),
        (248.0, 206.0, 1.1),
    ):
        _desk(pen.placed(x, y, scale=size))
    return Layout()


def kitchen(backdrop: Backdrop) -> Layout:
    """Mint cupboards, a stove with a pot under its hood, and a fridge."""
    pen, rng = backdrop.pen, backdrop.rng
    backdrop.room((255, 248, 224), (236, 214, 178), 182)
    for x in range(-20, 280, 40):
        backdrop.box(x, 182, x + 20, 212, (214, 122, 96), outline=False)
        backdrop.box(x + 20, 212, x + 40, 246, (214, 122, 96), outline=False)
    mint = rng.choice(((126, 200, 176), (140, 196, 206), (160, 206, 140)))
    fridge_left = rng.choice((-6.0, 192.0))
    counter = (60.0, 270.0) if fridge_left < 100 else (-14.0, 188.0)
    for left in range(int(counter[0]), int(counter[1]), 42):
        if left + 40 < counter[1] and abs(left + 20 - (counter[0] + counter[1]) / 2) > 24:
            backdrop.box(left, 12, left + 40, 58, mint)
            pen.ellipse(left + 34, 48, 3, 3, (120, 90, 60), outline=False)
        backdrop.box(left, 130, left + 40, 186, mint)
        pen.line([(left + 12, 142), (left + 28, 142)], (120, 90, 60), 4)
    backdrop.box(counter[0] - 4, 120, counter[1], 131, (166, 116, 80))
    stove = (counter[0] + counter[1]) / 2
    pen.polygon(
        [
            (stove - 12, -EDGE),
            (stove + 12, -EDGE),
            (stove + 14, 34),
            (stove + 34, 58),
            (stove - 34, 58),
            (stove - 14, 34),
        ],
        (196, 204, 212),
    )
    backdrop.box(stove - 30, 124, stove + 30, 186, (92, 100, 112))
    backdrop.lights.rounded_rectangle(stove - 20, 142, stove + 20, 172, 5, (250, 176, 84))
    backdrop.box(stove - 18, 98, stove + 18, 120, (214, 72, 62))
    pen.line([(stove - 24, 100), (stove + 24, 100)], (150, 40, 40), 6)
    backdrop.box(fridge_left, 30, fridge_left + 62, 194, (230, 240, 246))
    pen.line([(fridge_left, 92), (fridge_left + 62, 92)])
    pen.line([(fridge_left + 52, 60), (fridge_left + 52, 80)], (130, 144, 156), 5)
    pen.line([(fridge_left + 52, 104), (fridge_left + 52, 130)], (130, 144, 156), 5)
    return Layout()


def plain(backdrop: Backdrop) -> Layout:
    """An empty backdrop: a soft run of one colour, darker in the evening."""
    rng = backdrop.rng
    base = rng.choice(
        ((250, 236, 214), (216, 236, 248), (226, 244, 222), (250, 222, 226), (232, 226, 248), (242, 242, 240))
    )
    top = mixed(base, SKY[backdrop.time][0], 0.3 if backdrop.time == "day" else 0.75)
    backdrop.lights.vertical_gradient([(-EDGE, -EDGE), (256 + EDGE, -EDGE), (256 + EDGE, 296), (-EDGE, 296)], top, base)
    backdrop.pen.ellipse(128, 240, 96, 20, darker(base, 0.16), outline=False)
    return Layout(ground_y=240)


def _sofa(pen: Pen, x: float, bottom: float, colour: RGB) -> None:
    pen.rounded_rectangle(x - 92, bottom - 88, x + 92, bottom, 22, colour)
    pen.line([(x, bottom - 80), (x, bottom - 30)], darker(colour), 4)
    pen.rounded_rectangle(x - 78, bottom - 40, x + 78, bottom - 2, 10, lighter(colour, 0.22))
    pen.line([(x, bottom - 36), (x, bottom - 6)], darker(colour), 4)
    for side in (-1, 1):
        pen.rounded_rectangle(x + side * 88 - 17, bottom - 62, x + side * 88 + 17, bottom + 2, 15, colour)
    pen.rounded_rectangle(x - 72, bottom - 66, x - 42, bottom - 36, 8, (250, 206, 92))
    pen.rounded_rectangle(x + 42, bottom - 66, x + 72, bottom - 36, 8, (240, 130, 110))


def _tea_table(pen: Pen, x: float, y: float) -> None:
    wood = (168, 100, 60)
    for side in (-1, 1):
        pen.line([(x + side * 24, y), (x + side * 28, y + 28)], darker(wood), 7)
    pen.ellipse(x, y, 40, 11, wood)
    pen.ellipse(x - 8, y - 9, 10, 8, (246, 246, 250))
    pen.arc(x + 5, y - 9, 5, 5, 0, 360, (246, 246, 250), 3)


def _toys(backdrop: Backdrop) -> None:
    rng, pen = backdrop.rng, backdrop.pen
    for x in rng.sample((20.0, 66.0, 190.0, 240.0), 3):
        y = rng.uniform(236, 248)
        colour = rng.choice(((238, 92, 84), (84, 150, 220), (250, 200, 70), (110, 186, 110)))
        if rng.random() < 0.5:
            pen.ellipse(x, y, 10, 10, colour)
        else:
            pen.rounded_rectangle(x - 10, y - 9, x + 10, y + 9, 3, colour)


def _lamp(backdrop: Backdrop, x: float, floor: float) -> None:
    backdrop.pen.line([(x, floor - 76), (x, floor + 4)], (120, 84, 60), 5)
    shade = (255, 232, 150) if backdrop.is_night else (250, 214, 150)
    target = backdrop.lights if backdrop.is_night else backdrop.pen
    if backdrop.is_night:
        backdrop.lights.glow(x, floor - 80, 86, (255, 214, 120), 0.75)
    target.polygon([(x - 12, floor - 108), (x + 12, floor - 108), (x + 23, floor - 72), (x - 23, floor - 72)], shade)


def _picture(backdrop: Backdrop, x: float, y: float) -> None:
    backdrop.box(x - 23, y - 18, x + 23, y + 18, (168, 110, 66))
    backdrop.box(x - 17, y - 12, x + 17, y + 12, (190, 224, 230), outline=False)
    backdrop.pen.polygon([(x - 17, y + 12), (x - 4, y - 6), (x + 8, y + 12)], (110, 170, 120), outline=False)


def _desk(pen: Pen) -> None:
    for side in (-1, 1):
        pen.line([(side * 24, 0), (side * 26, 30)], (110, 120, 130), 5)
    pen.rounded_rectangle(-34, -7, 34, 5, 3, (226, 158, 84))


def _glowing_book(backdrop: Backdrop, x: float) -> Layout:
    """An old open book on a low stand, and the light it throws on everything near."""
    lights, y = backdrop.lights, 226.0

    def shine() -> None:
        lights.glow(x, y - 18, 96, (120, 196, 255), 0.8)
        backdrop.star(x - 22, y - 52, 9, (220, 242, 255))
        backdrop.star(x + 20, y - 66, 7, (220, 242, 255))

    def stand() -> None:
        box_on(backdrop.pen, x - 26, y + 8, x + 26, 270, (112, 70, 46))
        for side in (-1, 1):
            page = [(x, y + 6), (x, y - 14), (x + side * 40, y - 22), (x + side * 40, y - 2)]
            lights.polygon(page, (214, 238, 255))
            lights.line([(x + side * 10, y - 8), (x + side * 31, y - 12)], (104, 166, 232), 4)

    return Layout(shine=shine, front=stand)


def _book_light(backdrop: Backdrop) -> Layout:
    """The blue light of an old book that the figure itself is reading."""

    def shine() -> None:
        backdrop.lights.glow(128, 214, 92, (110, 190, 255), 0.55)
        for x, y, size in ((66, 190, 10), (192, 178, 11), (52, 232, 8), (206, 226, 8)):
            backdrop.star(x, y, size, (214, 240, 255))

    return Layout(shine=shine)
