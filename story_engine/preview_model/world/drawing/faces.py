"""Eyes, brows and mouths: how a mood looks on any head.

A head is drawn around (0, 0) with a radius of about 46 units; from the side it looks to the right.
"""

from __future__ import annotations

from dataclasses import dataclass

from story_engine.preview_model.world import Figure
from story_engine.preview_model.world.drawing.canvas import RGB, Pen
from story_engine.preview_model.world.drawing.colours import darker, is_dark, lighter

WHITE: RGB = (255, 255, 255)
TEAR: RGB = (96, 180, 244)
_MOUTH: RGB = (196, 54, 66)
_TONGUE: RGB = (250, 142, 140)
_BLUSH: RGB = (250, 150, 150)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceFeatures:
    """What stays the same on one face in every mood; units of the head."""

    skin: RGB
    """Colour around the eyes: lids are drawn with it."""
    iris: RGB = (64, 40, 36)
    brow: RGB | None = None
    """None leaves brows to the moods that need them."""
    eye_x: float = 19.0
    eye_y: float = 6.0
    eye_width: float = 17.0
    eye_height: float = 23.0
    mouth_y: float = 27.0
    mouth_x_side: float = 26.0
    eye_x_side: float = 20.0
    mouth_skin: RGB | None = None
    """Colour around the mouth where it differs (a muzzle)."""
    forehead: RGB | None = None
    """Colour behind the brows where it differs (a panda's)."""
    is_cat_like: bool = False
    """A mouth of two small arcs when calm."""
    has_lashes: bool = False
    blush_strength: float = 1.0


@dataclass(frozen=True, slots=True)
class _Expression:
    eyes: str
    mouth: str
    brows: str = ""


_MOODS = {
    "calm": _Expression("open", "smile"),
    "happy": _Expression("open", "laugh", "high"),
    "surprised": _Expression("wide", "round", "high"),
    "bored": _Expression("half", "flat", "flat"),
    "curious": _Expression("big", "small", "one_up"),
    "nervous": _Expression("small", "wavy", "worried"),
    "longing": _Expression("sparkling", "little", "worried"),
    "sad": _Expression("wet", "frown", "worried"),
}


def draw_face(pen: Pen, features: FaceFeatures, figure: Figure) -> None:
    """Eyes, brows, blush and mouth of the figure's mood and action, from its view."""
    expression = _MOODS[figure.mood]
    eyes = "closed" if figure.action in ("sleeping", "wishing") else expression.eyes
    mouth = "sing" if figure.action == "singing" else "little" if figure.action == "sleeping" else expression.mouth
    glance = 5.0 if figure.action == "reading" else -4.0 if eyes == "sparkling" else 0.0
    is_side = figure.view == "side"
    centres = (features.eye_x_side,) if is_side else (-features.eye_x, features.eye_x)
    if features.blush_strength > 0 and not pen.palette.is_flat:
        _draw_blush(pen, features, strong=figure.mood in ("happy", "longing"), is_side=is_side)
    for index, x in enumerate(centres):
        _draw_eye(pen, features, eyes, x, glance, toward=1 if is_side or x < 0 else -1, is_side=is_side)
        _draw_brow(pen, features, expression.brows, x, inward=1 if is_side or x < 0 else -1, is_second=index == 1)
    _draw_mouth(pen, features, mouth, features.mouth_x_side if is_side else 0.0)
    if figure.mood == "sad" and figure.action != "sleeping":
        draw_drop(pen, centres[0] - 3, features.eye_y + 22, 6.5)


def draw_drop(pen: Pen, x: float, y: float, radius: float) -> None:
    """A tear or a drop of sweat."""
    tip = [(x, y - radius * 1.9), (x + radius * 0.75, y - radius * 0.3), (x + radius * 0.7, y + radius * 0.55)]
    pen.curve(
        [*tip, (x, y + radius), (x - radius * 0.7, y + radius * 0.55), (x - radius * 0.75, y - radius * 0.3)],
        TEAR,
        width=2.0,
    )
    pen.ellipse(x - radius * 0.25, y + radius * 0.1, radius * 0.22, radius * 0.34, WHITE, outline=False)


def _draw_eye(
    pen: Pen, features: FaceFeatures, kind: str, x: float, glance: float, toward: int, *, is_side: bool
) -> None:
    width, height, y = features.eye_width / 2, features.eye_height / 2, features.eye_y
    if is_side:
        width, height = width * 1.1, height * 1.1
    line = _line_colour(features.skin)
    if kind == "closed":
        pen.arc(x, y - 2, width * 1.05, height * 0.6, 15, 165, line, 4.6)
        if features.has_lashes:
            pen.line([(x - toward * width, y + 2), (x - toward * (width + 5), y + 5)], line, 3.2)
        return
    if kind in ("wide", "big"):
        width, height = width * 1.16, height * 1.16
    if kind == "small":
        height *= 0.92
    pen.ellipse(x, y, width, height, WHITE, width=2.0 if kind != "wide" else 2.6)
    share = {"wide": 0.5, "small": 0.52, "half": 0.8, "sparkling": 0.92, "big": 0.92}.get(kind, 0.9)
    iris_y = y + glance * (0.6 if share > 0.8 else 1.0) + (1.5 if kind == "half" else 0)
    pen.ellipse(x, iris_y, width * share, height * share, features.iris, outline=False)
    if share > 0.6:
        shade = darker(features.iris, 0.72)
        pen.ellipse(x, iris_y - height * 0.12, width * share * 0.72, height * share * 0.66, shade, outline=False)
    if kind == "sparkling":
        _draw_star(pen, x - 2, y - 5, 7.5)
        pen.ellipse(x + 4, y + 6, 2.4, 2.4, WHITE, outline=False)
    elif share > 0.6:
        pen.ellipse(x - 2.4, iris_y - height * 0.38, 3.5, 4.0, WHITE, outline=False)
        pen.ellipse(x + 3.0, iris_y + height * 0.34, 1.8, 1.8, WHITE, outline=False)
    if kind == "half":
        lid = [(x - width - 2.5, y + 0.5), (x - width - 2, y - height - 3), (x + width + 2, y - height - 3)]
        pen.polygon([*lid, (x + width + 2.5, y + 0.5)], features.skin, outline=False)
        pen.line([(x - width - 2, y), (x + width + 2, y)], line, 4.4)
    elif kind == "wet":
        pen.arc(x, y + height * 0.7, width * 0.8, 3.5, 0, 180, TEAR, 4.5)
        pen.line([(x - toward * (width + 2), y - 3), (x + toward * (width - 2), y - height - 2)], line, 3.6)
    elif features.has_lashes:
        pen.arc(x, y, width + 1, height + 1, 200, 340, line, 3.8)
        pen.line([(x - toward * width, y - 4), (x - toward * (width + 5), y - 7)], line, 3.2)


def _draw_brow(pen: Pen, features: FaceFeatures, kind: str, x: float, inward: int, is_second: bool) -> None:
    if not kind:
        if features.brow is not None:
            y = features.eye_y - features.eye_height / 2 - 7
            pen.line([(x - 7, y + 1), (x, y - 1), (x + 7, y + 1)], features.brow, 3.4)
        return
    colour = features.brow or _line_colour(features.forehead or features.skin)
    y = features.eye_y - features.eye_height / 2 - 8
    if kind == "one_up":
        kind = "high" if is_second else "flat"
    if kind == "high":
        pen.arc(x, y + 2, 8, 6, 205, 335, colour, 4.0)
    elif kind == "flat":
        pen.line([(x - 8, y + 3), (x + 8, y + 3)], colour, 4.0)
    else:
        pen.line([(x - inward * 8, y + 4), (x + inward * 8, y - 3)], colour, 4.0)


def _draw_mouth(pen: Pen, features: FaceFeatures, kind: str, x: float) -> None:
    y = features.mouth_y
    line = _line_colour(features.mouth_skin or features.skin)
    if kind == "smile" and features.is_cat_like:
        pen.arc(x - 4.5, y - 1, 4.5, 4.5, 10, 170, line, 3.0)
        pen.arc(x + 4.5, y - 1, 4.5, 4.5, 10, 170, line, 3.0)
    elif kind == "smile":
        pen.arc(x, y - 4, 8, 6.5, 25, 155, line, 3.2)
    elif kind == "laugh":
        _draw_open_mouth(pen, x, y - 5, 12, 13)
    elif kind == "sing":
        pen.ellipse(x, y + 2, 9.5, 11, _MOUTH, width=2.4)
        pen.ellipse(x, y + 7, 6, 4.4, _TONGUE, outline=False)
    elif kind == "round":
        pen.ellipse(x, y + 1, 6, 8.5, _MOUTH, width=2.6)
    elif kind == "little":
        pen.arc(x, y - 2, 5, 5, 20, 160, line, 3.2)
    elif kind == "small":
        pen.ellipse(x + 1, y, 4.2, 3.6, _MOUTH, width=2.2)
    elif kind == "flat":
        pen.line([(x - 8, y + 1), (x + 7, y - 1)], line, 3.6)
    elif kind == "wavy":
        wave = [(x - 11, y + 1), (x - 6, y - 3), (x - 1, y + 3), (x + 5, y - 3), (x + 10, y + 2)]
        pen.line(wave, line, 3.4, is_smooth=True)
    elif kind == "frown":
        pen.arc(x, y + 6, 9, 8, 205, 335, line, 3.8)


def _draw_open_mouth(pen: Pen, x: float, y: float, half_width: float, depth: float) -> None:
    shape = [(x - half_width, y), (x, y + 1.5), (x + half_width, y)]
    lower = [(x + half_width * 0.75, y + depth * 0.65), (x, y + depth), (x - half_width * 0.75, y + depth * 0.65)]
    pen.polygon([*shape, *lower], _MOUTH, width=2.4)
    pen.ellipse(x, y + depth * 0.72, half_width * 0.5, depth * 0.24, _TONGUE, outline=False)


def _draw_blush(pen: Pen, features: FaceFeatures, *, strong: bool, is_side: bool) -> None:
    y = features.eye_y + features.eye_height / 2 + 7
    radius = 8.5 if strong else 7.0
    skin = features.skin
    weight = (0.85 if strong else 0.55) * features.blush_strength * (0.55 if is_dark(skin) else 1.0)
    colour = tuple(round(a * (1 - weight) + b * weight) for a, b in zip(skin, _BLUSH, strict=True))
    red, green, blue = colour
    for x in (features.eye_x_side - 10,) if is_side else (-features.eye_x - 10, features.eye_x + 10):
        pen.ellipse(x, y, radius, radius * 0.68, (red, green, blue), outline=False)


def _draw_star(pen: Pen, x: float, y: float, radius: float) -> None:
    inner = radius * 0.36
    pen.polygon(
        [
            (x, y - radius),
            (x + inner, y - inner),
            (x + radius, y),
            (x + inner, y + inner),
            (x, y + radius),
            (x - inner, y + inner),
            (x - radius, y),
            (x - inner, y - inner),
        ],
        WHITE,
        outline=False,
    )


def _line_colour(skin: RGB) -> RGB | None:
    """A light line on dark fur, else the palette's ink."""
    return lighter(skin, 0.7) if is_dark(skin) else None
