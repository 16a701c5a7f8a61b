"""One drawing from one `DrawnScene`: place, company, main figure, things, style, and what may spoil it."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops

from story_engine.preview_model.world import DrawnScene
from story_engine.preview_model.world.drawing.backdrop import Backdrop, Layout
from story_engine.preview_model.world.drawing.canvas import PICTURE_UNITS, SUPERSAMPLING, Canvas, Palette
from story_engine.preview_model.world.drawing.colours import colour_of, darker
from story_engine.preview_model.world.drawing.company import Companion, companions, facing_in_company, room_for
from story_engine.preview_model.world.drawing.degradations import degrade
from story_engine.preview_model.world.drawing.figures import draw_figure, figure_layout
from story_engine.preview_model.world.drawing.places import PLACE_DRAWERS
from story_engine.preview_model.world.drawing.places_palace import silk_cushion
from story_engine.preview_model.world.drawing.props import draw_prop
from story_engine.preview_model.world.drawing.styles import STYLES_BY_NAME, finish, palettes

_MIDDLE = PICTURE_UNITS / 2
_FULL_HEIGHT = 174.0
_HELD = {"singing": "microphone", "reading": "book"}
"""Things that an action already puts into the figure's hands."""
_NOWHERE = (1, 254, 3)
"""A colour no paint has: what is left of it on the figures' layer shows the place."""
_FLOATING = frozenset({"balloon", "lantern"})
_SEATED = frozenset({"sitting", "holding_face"})
_LYING = frozenset({"lying", "sleeping"})


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where the main figure stands, in units of the picture."""

    x: float
    ground_y: float
    height: float
    facing: int

    @property
    def scale(self) -> float:
        return self.height / _FULL_HEIGHT


def draw(scene: DrawnScene, size: int = PICTURE_UNITS) -> Image.Image:
    """The scene as a picture, `size` x `size`, RGB; equal scenes give equal pictures."""
    picture, _ = draw_with_mask(scene)
    if size == PICTURE_UNITS:
        return picture
    return picture.resize((size, size), Image.Resampling.LANCZOS)


def draw_with_mask(scene: DrawnScene) -> tuple[Image.Image, Image.Image]:
    """The scene as a picture, and where in it figures and things are to be seen: L, both 256 x 256."""
    rng = random.Random(scene.seed)
    matter, light, figures = palettes(scene.style, scene.time)
    canvas = Canvas((255, 255, 255), light)

    layout, is_mirrored = _draw_place(canvas, scene, rng, matter)
    frame = _frame(scene, layout, is_mirrored, rng)
    decorate = STYLES_BY_NAME[scene.style].decorate
    if decorate is not None:
        decorate(canvas, rng)
    _part_from_place(canvas, scene, frame)
    _ground_shadow(canvas, scene, frame)

    mask = _add_figures(canvas, scene, frame, rng, figures)
    if layout.shine is not None:
        layout.shine()
    after = canvas.image.reduce(SUPERSAMPLING)
    if layout.front is not None:
        layout.front()
        covered = canvas.image.reduce(SUPERSAMPLING)
        hidden = ImageChops.difference(after, covered).convert("L").point([0] * 40 + [255] * 216)
        mask, after = ImageChops.subtract(mask, hidden), covered

    finished = degrade(finish(np.asarray(after), mask, scene.style, rng), scene.degradation, rng)
    return Image.fromarray(finished), mask


def head_of(scene: DrawnScene) -> tuple[float, float, float]:
    """The main figure's head: its middle from the left and from the top, and its radius, in units of the picture."""
    rng = random.Random(scene.seed)
    matter, light, _ = palettes(scene.style, scene.time)
    layout, is_mirrored = _draw_place(Canvas((255, 255, 255), light), scene, rng, matter)
    frame, parts = _frame(scene, layout, is_mirrored, rng), figure_layout(scene.main)
    x = frame.x + frame.facing * parts.head_x * frame.height
    return x, frame.ground_y - parts.head_y * frame.height, parts.head_radius * frame.height


def _draw_place(canvas: Canvas, scene: DrawnScene, rng: random.Random, matter: Palette) -> tuple[Layout, bool]:
    zoom = {"full": 1.02, "upper": 1.06, "close": 1.06, "long": 0.98}[scene.shot] + rng.uniform(0, 0.05)
    facing = rng.choice((-1, 1))
    pull = {"upper": -8, "close": -2}.get(scene.shot, 0)
    lights = canvas.placed(
        _MIDDLE - facing * zoom * _MIDDLE + rng.uniform(-5, 5),
        _MIDDLE - zoom * _MIDDLE + pull + rng.uniform(-3, 3),
        scale=zoom,
        facing=facing,
    )
    backdrop = Backdrop(
        pen=lights.with_palette(matter), lights=lights, time=scene.time, rng=rng, action=scene.main.action
    )
    return PLACE_DRAWERS[scene.place](backdrop), facing < 0


def _frame(scene: DrawnScene, layout: Layout, is_mirrored: bool, rng: random.Random) -> _Frame:
    """Puts the main figure where the shot wants it, and makes room for those beside it."""
    frame = _frame_alone(scene, layout, is_mirrored, rng)
    if not scene.companions:
        return frame
    group = room_for(scene, x=frame.x, height=frame.height)
    head_y = figure_layout(scene.main).head_y
    # A whole figure keeps its ground, a cut one its head.
    lower = head_y * frame.height * (1 - group.scale) if scene.shot in ("upper", "close") else 0.0
    return _Frame(group.x, frame.ground_y - lower, frame.height * group.scale, frame.facing)


def _frame_alone(scene: DrawnScene, layout: Layout, is_mirrored: bool, rng: random.Random) -> _Frame:
    parts = figure_layout(scene.main)
    facing = rng.choice((-1, 1))
    if scene.companions:
        facing = facing_in_company(scene)
    home_x = PICTURE_UNITS - layout.main_x if is_mirrored else layout.main_x
    is_lying = scene.main.action in _LYING
    if scene.shot == "full":
        height = _FULL_HEIGHT * rng.uniform(0.92, 1.06) * (1.06 if is_lying else 1.0)
        ground = layout.ground_y
        if scene.main.action in _SEATED:
            height *= 0.9
            ground = layout.seat_y or ground
        return _Frame(home_x + rng.uniform(-8, 8), ground + rng.uniform(-3, 3), height, facing)
    if scene.shot == "long":
        height = rng.uniform(80, 92) * (1.15 if is_lying else 1.0)
        side = rng.uniform(-40, 40) if home_x == _MIDDLE else (home_x - _MIDDLE) + rng.uniform(-10, 10)
        return _Frame(_MIDDLE + side, min(layout.ground_y, 232) - rng.uniform(2, 14), height, facing)
    radius = rng.uniform(66, 74) if scene.shot == "upper" else rng.uniform(98, 108)
    if is_lying:
        radius *= 0.9
    height = radius / parts.head_radius
    head_x = _MIDDLE + (home_x - _MIDDLE) * 0.4 + rng.uniform(-8, 8)
    head_y = rng.uniform(104, 114) if scene.shot == "upper" else rng.uniform(134, 144)
    return _Frame(head_x - facing * parts.head_x * height, head_y + parts.head_y * height, height, facing)


def _part_from_place(canvas: Canvas, scene: DrawnScene, frame: _Frame) -> None:
    """Where the main colour would be lost on the place, some light or dusk is put behind the figure."""
    parts = figure_layout(scene.main)
    x, y = frame.x + frame.facing * parts.head_x * frame.height, frame.ground_y - parts.top * frame.height * 0.55
    reach = frame.height * 0.36
    corners = [
        round(min(max(value, 0), PICTURE_UNITS) * SUPERSAMPLING)
        for value in (x - reach, y - reach, x + reach, y + reach)
    ]
    if corners[2] - corners[0] < 2 or corners[3] - corners[1] < 2:
        return
    region = canvas.image.crop((corners[0], corners[1], corners[2], corners[3])).resize(
        (1, 1), Image.Resampling.BOX, reducing_gap=1.0
    )
    place = float(np.dot(np.asarray(region)[0, 0], (0.3, 0.59, 0.11)))
    own = float(np.dot(colour_of(scene.main.colour, random.Random(0)), (0.3, 0.59, 0.11)))
    if abs(place - own) > 58:
        return
    behind = (255, 252, 240) if (own < 170 and place > 70) or own < 100 else (70, 60, 96)
    canvas.glow(x, y, min(150.0, frame.height * 0.72), behind, 0.5)


def _ground_shadow(canvas: Canvas, scene: DrawnScene, frame: _Frame) -> None:
    """A darker patch of whatever the figure stands on."""
    if scene.shot not in ("full", "long") or scene.style == "papercut":
        return
    x, y = (round(min(max(value, 1), PICTURE_UNITS - 1)) * SUPERSAMPLING for value in (frame.x, frame.ground_y))
    ground = canvas.image.getpixel((x, min(y, PICTURE_UNITS * SUPERSAMPLING - 1)))
    if isinstance(ground, tuple):
        half = frame.height * (0.5 if scene.main.action in _LYING else 0.3)
        shade = darker((ground[0], ground[1], ground[2]), 0.3)
        shadows = canvas.with_palette(Palette())
        shadows.ellipse(frame.x, frame.ground_y - 1, half, half * 0.22, shade, outline=False)


def _add_figures(canvas: Canvas, scene: DrawnScene, frame: _Frame, rng: random.Random, palette: Palette) -> Image.Image:
    """Draws all figures and things before the place; returns where they are, L, 256 x 256."""
    layer = Canvas(_NOWHERE, Palette())
    _draw_figures(layer, scene, frame, rng, palette)
    nothing = Image.new("RGB", layer.image.size, _NOWHERE)
    covered = ImageChops.difference(layer.image, nothing).convert("L").point([0, *[255] * 255])
    canvas.image.paste(layer.image, mask=covered)
    return covered.reduce(SUPERSAMPLING)


def _draw_figures(canvas: Canvas, scene: DrawnScene, frame: _Frame, rng: random.Random, palette: Palette) -> None:
    if scene.prop == "none":
        rng.choice((-1, 1))  # nobody asks any more: it keeps drawings of one what they have always been
    company = companions(scene, height=frame.height)
    for companion in company:
        if companion.depth <= 0:
            _draw_companion(canvas, companion, frame, rng, palette)
    if scene.place == "palace_chamber" and scene.main.action in (*_LYING, "sitting"):
        silk_cushion(
            canvas.with_palette(palette).placed(0, 0), frame.x, frame.ground_y - 6 * frame.scale, frame.height * 0.56
        )
    draw_figure(
        canvas,
        scene.main,
        x=frame.x,
        ground_y=frame.ground_y,
        height=frame.height,
        rng=rng,
        palette=palette,
        facing=frame.facing,
    )
    for companion in company:
        if companion.depth > 0:
            _draw_companion(canvas, companion, frame, rng, palette)
    _draw_thing(canvas, scene, frame, rng, palette)


def _draw_companion(canvas: Canvas, companion: Companion, frame: _Frame, rng: random.Random, palette: Palette) -> None:
    draw_figure(
        canvas,
        companion.figure,
        x=frame.x + companion.x * frame.height,
        ground_y=frame.ground_y + companion.depth * frame.scale,
        height=companion.height * frame.height,
        rng=rng,
        palette=palette,
        facing=1 if companion.x < 0 else -1,
    )


def _draw_thing(canvas: Canvas, scene: DrawnScene, frame: _Frame, rng: random.Random, palette: Palette) -> None:
    is_held = _HELD.get(scene.main.action) == scene.prop
    stands_there = scene.place == "bookshelf" and scene.prop == "book"
    if scene.prop == "none" or is_held or stands_there:
        return
    if scene.shot in ("full", "long"):
        size = (52.0 if scene.shot == "full" else 30.0) * (1.7 if scene.prop == "umbrella" else 1.0)
        reach = 86 * frame.scale if scene.shot == "full" else frame.height * 0.62
        x = frame.x + frame.facing * reach
        y = frame.ground_y - size * 0.42
        if scene.prop in _FLOATING:
            y = frame.ground_y - frame.height * 0.78
    else:
        size = 66.0
        x, y = _MIDDLE + frame.facing * 88, 212.0
        if scene.prop in _FLOATING:
            y = 60.0
    x = min(max(x, size * 0.45), PICTURE_UNITS - size * 0.45)
    draw_prop(
        canvas,
        scene.prop,
        x=x,
        y=y,
        size=size,
        colour=scene.prop_colour,
        rng=rng,
        palette=palette,
    )
