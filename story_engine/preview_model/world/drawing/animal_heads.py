"""Heads of animals: ears, muzzles and markings around a face; radius 46 around the pen's origin."""

from __future__ import annotations

from dataclasses import dataclass

from story_engine.preview_model.world import Figure
from story_engine.preview_model.world.drawing.canvas import RGB, Pen
from story_engine.preview_model.world.drawing.colours import darker, is_dark, lighter, mixed
from story_engine.preview_model.world.drawing.curves import svg_points
from story_engine.preview_model.world.drawing.faces import FaceFeatures, draw_face

_PINK: RGB = (248, 164, 168)
_NOSE: RGB = (62, 44, 50)
_CREAM: RGB = (255, 248, 234)
_BLACK: RGB = (58, 54, 66)

EAR_HEIGHT = {"cat": 24.0, "dog": 6.0, "rabbit": 58.0, "panda": 15.0, "fox": 32.0, "horse": 32.0, "dragon": 24.0}
"""Units above the crown of the head."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coat:
    """The colours of one animal."""

    main: RGB
    light: RGB
    """Muzzle and belly."""
    dark: RGB
    """Stripes, mane, ears and paws where they differ."""


def coat_of(figure: Figure, colour: RGB) -> Coat:
    """The animal's coat from its main colour; pandas keep black patches, foxes and dragons their own belly."""
    if figure.subject == "panda":
        return Coat(main=mixed(colour, (255, 255, 255), 0.25) if is_dark(colour) else colour, light=_CREAM, dark=_BLACK)
    light = mixed(colour, _CREAM, 0.78 if not is_dark(colour) else 0.62)
    dark = lighter(colour, 0.3) if is_dark(colour) else darker(colour, 0.4)
    if figure.subject == "dragon":
        light = (255, 232, 160) if figure.colour not in ("yellow", "white") else (255, 206, 140)
    elif figure.subject == "horse":
        dark = {"black": (126, 96, 84), "brown": (66, 42, 40), "white": (214, 176, 120)}.get(
            figure.colour, darker(colour, 0.55)
        )
    elif figure.colour == "white":
        light, dark = (255, 255, 255), (206, 198, 198)
    return Coat(main=colour, light=light, dark=dark)


def draw_animal_head(pen: Pen, figure: Figure, coat: Coat) -> None:
    """Ears, head, markings and face."""
    _HEADS[figure.subject](pen, figure, coat)


def _features(coat: Coat, **changes: object) -> FaceFeatures:
    values: dict[str, object] = {
        "skin": coat.main,
        "eye_x": 20.0,
        "eye_y": 2.0,
        "mouth_y": 27.0,
        "mouth_skin": coat.light,
    }
    return FaceFeatures(**{**values, **changes})  # type: ignore[arg-type]


def _nose(pen: Pen, x: float, y: float, half: float, colour: RGB = _NOSE) -> None:
    pen.curve(
        [(x - half, y - half * 0.5), (x, y - half * 0.75), (x + half, y - half * 0.5), (x, y + half * 0.7)],
        colour,
        width=1.6,
    )


def _whiskers(pen: Pen, coat: Coat, sides: tuple[int, ...], x: float) -> None:
    colour = (236, 232, 230) if is_dark(coat.main) else None
    for side in sides:
        for low in (0, 9):
            pen.line([(side * x, 20 + low), (side * (x + 21), 16 + low * 1.7)], colour, 2.8)


def _draw_cat(pen: Pen, figure: Figure, coat: Coat) -> None:
    is_side = figure.view == "side"
    ears = ((-20, 0.9), (16, 1.0)) if is_side else ((-27, 1.0), (27, 1.0))
    for x, size in ears:
        lean = 0.0 if is_side else x * 0.42
        tip = (x + lean, -60 * size)
        pen.polygon([(x - 17, -26), tip, (x + 17, -26)], coat.main)
        pen.polygon([(x - 8, -30), (x + lean * 0.8, -50 * size), (x + 9, -30)], _PINK, outline=False)
    if is_side:
        pen.curve(svg_points("0,-42 28,-34 42,-8 50,14 44,28 24,38 -10,40 -40,22 -46,-8 -28,-36"), coat.main)
        pen.ellipse(34, 20, 15, 12, coat.light, outline=False)
    else:
        pen.curve(svg_points("0,-42 32,-34 46,-6 51,20 30,38 0,42 -30,38 -51,20 -46,-6 -32,-34"), coat.main)
        pen.ellipse(0, 25, 18, 13, coat.light, outline=False)
    shift = 4 if is_side else 0
    for x, low in ((-9, -24), (0, -19), (9, -24)):
        pen.line([(x + shift, -40), (x * 0.9 + shift, low)], coat.dark, 5.5)
    if not is_side:
        for side in (-1, 1):
            pen.line([(side * 47, 4), (side * 37, 6)], coat.dark, 5.0)
    draw_face(pen, _features(coat, is_cat_like=True, iris=(66, 106, 56), mouth_x_side=38.0, eye_x_side=19.0), figure)
    _nose(pen, 46 if is_side else 0, 18 if is_side else 17, 5, (236, 120, 128))
    _whiskers(pen, coat, (-1, 1) if not is_side else (), 33)
    if is_side:
        _whiskers(pen, coat, (-1,), -14)


def _draw_dog(pen: Pen, figure: Figure, coat: Coat) -> None:
    is_side = figure.view == "side"
    ear = coat.dark
    if is_side:
        pen.curve(svg_points("0,-44 26,-38 38,-14 62,-4 66,14 54,28 26,38 -8,42 -38,26 -46,-6 -28,-36"), coat.main)
        pen.curve([(36, 0), (58, -2), (65, 10), (54, 26), (34, 32), (26, 16)], coat.light, outline=False)
    else:
        pen.curve(svg_points("0,-44 30,-37 42,-10 44,16 30,38 0,44 -30,38 -44,16 -42,-10 -30,-37"), coat.main)
        pen.polygon([(-5, -42), (5, -42), (9, 4), (-9, 4)], coat.light, outline=False)
        pen.ellipse(0, 24, 25, 17, coat.light, width=0)
    draw_face(
        pen,
        _features(coat, iris=(88, 56, 34), mouth_y=32.0, eye_x=21.0, eye_x_side=16.0, mouth_x_side=46.0, eye_y=-1.0),
        figure,
    )
    _nose(pen, 63 if is_side else 0, 0 if is_side else 15, 9)
    if is_side:
        pen.curve([(-22, -38), (-6, -30), (-2, 4), (-14, 30), (-30, 24), (-34, -10)], ear)
    else:
        for side in (-1, 1):
            pen.curve(
                [(side * x, y) for x, y in ((26, -42), (44, -40), (57, -8), (56, 24), (45, 30), (37, 8), (36, -22))],
                ear,
            )


def _draw_rabbit(pen: Pen, figure: Figure, coat: Coat) -> None:
    is_side = figure.view == "side"
    for x, degrees in ((-20, -14), (2, 2)) if is_side else ((-19, -9), (19, 9)):
        ear = pen.placed(x, -36, degrees=degrees)
        ear.ellipse(0, -24, 14, 34, coat.main)
        ear.ellipse(0, -24, 7, 24, _PINK, outline=False)
    if is_side:
        pen.curve(svg_points("0,-42 26,-36 42,-10 50,12 42,28 22,38 -10,41 -40,24 -46,-6 -28,-36"), coat.main)
    else:
        pen.ellipse(0, 0, 45, 42, coat.main)
        pen.ellipse(-9, 25, 11, 9, coat.light, outline=False)
        pen.ellipse(9, 25, 11, 9, coat.light, outline=False)
    teeth = 38.0 if is_side else 0.0
    if figure.mood in ("calm", "happy", "curious") and figure.action not in ("singing", "sleeping"):
        pen.rounded_rectangle(teeth - 5, 27, teeth + 5, 40, 2, (255, 255, 255), width=1.8)
    draw_face(pen, _features(coat, is_cat_like=True, iris=(150, 50, 70), mouth_x_side=38.0), figure)
    _nose(pen, 46 if is_side else 0, 17, 5, (240, 118, 134))


def _draw_panda(pen: Pen, figure: Figure, coat: Coat) -> None:
    is_side = figure.view == "side"
    for x in (-30, 14) if is_side else (-35, 35):
        pen.ellipse(x, -36, 15, 15, coat.dark)
    if is_side:
        pen.curve(svg_points("0,-44 28,-38 42,-12 56,10 50,26 26,40 -10,44 -42,26 -48,-6 -30,-38"), coat.main)
    else:
        pen.ellipse(0, 0, 50, 44, coat.main)
    for x, degrees in ((20, 16),) if is_side else ((-21, 28), (21, -28)):
        pen.ellipse(x, 5, 15, 19, coat.dark, outline=False, degrees=degrees)
    draw_face(
        pen,
        _features(
            coat,
            skin=coat.dark,
            mouth_skin=coat.main,
            forehead=coat.main,
            eye_x=20.0,
            eye_y=4.0,
            eye_width=15.0,
            eye_height=18.0,
            mouth_x_side=38.0,
            blush_strength=0.0,
            mouth_y=30.0,
        ),
        figure,
    )
    _nose(pen, 50 if is_side else 0, 12 if is_side else 18, 6.5)


def _draw_fox(pen: Pen, figure: Figure, coat: Coat) -> None:
    is_side = figure.view == "side"
    for x, lean in ((-22, -6), (12, 4)) if is_side else ((-30, -12), (30, 12)):
        pen.polygon([(x - 17, -22), (x + lean, -68), (x + 17, -26)], coat.main)
        pen.polygon([(x + lean * 0.55 - 7, -50), (x + lean, -68), (x + lean * 0.55 + 7, -50)], _BLACK, outline=False)
    white = (255, 252, 246)
    if is_side:
        pen.curve(svg_points("0,-40 24,-34 38,-10 66,18 62,26 30,36 -6,42 -44,34 -44,-6 -28,-34"), coat.main)
        pen.curve([(28, 14), (62, 21), (34, 33), (0, 40), (-38, 34), (-10, 22)], white, outline=False)
    else:
        pen.polygon(svg_points("0,-38 28,-35 44,-10 60,14 34,34 10,46 -10,46 -34,34 -60,14 -44,-10 -28,-35"), coat.main)
        for side in (-1, 1):
            pen.polygon(
                [(side * x, y) for x, y in ((4, 16), (28, 13), (57, 14), (33, 32), (9, 44), (0, 44), (0, 20))],
                white,
                outline=False,
            )
    draw_face(
        pen,
        _features(
            coat,
            mouth_skin=white,
            iris=(120, 70, 20),
            mouth_y=35.0,
            eye_x_side=18.0,
            mouth_x_side=44.0,
            blush_strength=0.0,
            eye_width=16.0,
        ),
        figure,
    )
    _nose(pen, 64 if is_side else 0, 18 if is_side else 24, 6.5)


def _draw_horse(pen: Pen, figure: Figure, coat: Coat) -> None:
    is_side = figure.view == "side"
    for x in (-14, 6) if is_side else (-24, 24):
        pen.polygon([(x - 10, -34), (x + x * 0.2, -66), (x + 11, -34)], coat.main)
    if is_side:
        pen.curve(svg_points("-6,-46 16,-42 34,-16 64,12 70,30 58,42 38,40 12,30 -16,42 -40,20 -38,-24"), coat.main)
        pen.curve([(50, 4), (68, 16), (70, 32), (56, 41), (42, 36), (40, 16)], coat.light, outline=False)
        pen.ellipse(62, 19, 3.4, 4.4, _NOSE, outline=False)
        pen.curve(
            svg_points("6,-56 -22,-52 -46,-26 -54,14 -46,46 -32,20 -24,-14 0,-28 18,-34"),
            coat.dark,
        )
    else:
        pen.curve(svg_points("0,-46 26,-40 36,-14 31,14 31,38 18,52 -18,52 -31,38 -31,14 -36,-14 -26,-40"), coat.main)
        pen.curve(svg_points("0,18 24,24 30,38 17,51 -17,51 -30,38 -24,24"), coat.light, outline=False)
        for side in (-1, 1):
            pen.ellipse(side * 14, 29, 3.6, 4.8, _NOSE, outline=False)
        pen.curve(svg_points("-16,-54 8,-60 20,-50 12,-32 4,-12 -6,-24 -18,-28"), coat.dark)
    draw_face(
        pen,
        _features(
            coat,
            eye_x=22.0,
            eye_y=-4.0,
            mouth_y=40.0,
            eye_x_side=14.0,
            mouth_x_side=54.0,
            eye_width=15.0,
            iris=(70, 44, 30),
            blush_strength=0.0,
        ),
        figure,
    )


def _draw_dragon(pen: Pen, figure: Figure, coat: Coat) -> None:
    is_side = figure.view == "side"
    horn = (250, 226, 168)
    for x, lean in ((-20, -14), (4, -10)) if is_side else ((-24, -12), (24, 12)):
        pen.curve([(x - 8, -32), (x + lean - 2, -54), (x + lean * 1.9, -66), (x + lean + 9, -50), (x + 9, -34)], horn)
    if is_side:
        for x, y in ((-46, -20), (-52, 2), (-46, 22)):
            pen.polygon([(x + 8, y - 10), (x - 12, y - 2), (x + 8, y + 10)], coat.dark, width=3.0)
        pen.curve(svg_points("0,-42 24,-36 38,-12 60,-4 68,14 58,30 26,38 -8,42 -40,26 -46,-6 -28,-36"), coat.main)
        pen.curve([(30, 24), (66, 18), (56, 30), (26, 37), (-2, 40)], coat.light, outline=False)
        pen.ellipse(60, 5, 3.6, 3.2, _NOSE, outline=False)
    else:
        for side in (-1, 1):
            pen.polygon(
                [(side * 38, -8), (side * 66, -22), (side * 58, 2), (side * 66, 18), (side * 38, 18)],
                coat.dark,
                width=3.0,
            )
        pen.curve(svg_points("0,-44 30,-37 44,-8 40,14 32,36 0,44 -32,36 -40,14 -44,-8 -30,-37"), coat.main)
        pen.ellipse(0, 26, 30, 17, coat.light, outline=False)
        for side in (-1, 1):
            pen.ellipse(side * 9, 17, 3.4, 3.0, _NOSE, outline=False)
            pen.line([(side * 28, 26), (side * 50, 34), (side * 62, 26)], horn, 4.0, is_smooth=True, outline=True)
    for x, y in ((-10, -33), (2, -37), (10, -29)):
        pen.arc(x, y, 6, 5, 0, 180, coat.dark, 3.0)
    draw_face(
        pen, _features(coat, iris=(190, 120, 20), mouth_y=31.0, eye_y=-4.0, eye_x_side=16.0, mouth_x_side=46.0), figure
    )


_HEADS = {
    "cat": _draw_cat,
    "dog": _draw_dog,
    "rabbit": _draw_rabbit,
    "panda": _draw_panda,
    "fox": _draw_fox,
    "horse": _draw_horse,
    "dragon": _draw_dragon,
}
