"""What every place draws with: pens for matter and for light, the hour, and where the figures will stand."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from story_engine.preview_model.world.drawing.canvas import RGB, Pen
from story_engine.preview_model.world.drawing.colours import mixed

SKY = {
    "day": ((104, 184, 242), (204, 236, 252)),
    "dusk": ((236, 122, 104), (255, 214, 140)),
    "night": ((22, 28, 84), (66, 78, 152)),
}
"""Top and bottom of the sky at each hour."""
EDGE = 40.0
"""How far shapes reach past the picture, for views that are shifted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where a place wants its figures, in units of the picture as seen in a full shot."""

    ground_y: float = 236.0
    main_x: float = 128.0
    seat_y: float | None = None
    """Where somebody who sits does so, when the place has a seat of its own."""
    shine: Callable[[], None] | None = None
    """Draws light that falls over the figures."""
    front: Callable[[], None] | None = None
    """Draws what stands before the figures and hides them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backdrop:
    """One place about to be drawn."""

    pen: Pen
    """Everything that takes the light of the hour."""
    lights: Pen
    """What shines by itself: lamps, screens, windows, magic."""
    time: str
    rng: random.Random
    action: str = "standing"
    """What the main figure is doing: some places put a cushion or a seat under it."""

    @property
    def is_night(self) -> bool:
        """Whether lamps are lit."""
        return self.time == "night"

    def box(
        self, left: float, top: float, right: float, bottom: float, fill: RGB, *, outline: RGB | bool = True
    ) -> None:
        """A rectangle of matter."""
        box_on(self.pen, left, top, right, bottom, fill, outline=outline)

    def room(self, wall: RGB, floor: RGB, horizon: float, *, skirting: RGB | None = None) -> None:
        """A wall above the horizon and a floor below it."""
        self.pen.vertical_gradient(_band(-EDGE, horizon + 1), mixed(wall, (0, 0, 0), 0.06), wall)
        self.pen.vertical_gradient(_band(horizon, 256 + EDGE), mixed(floor, (40, 20, 30), 0.14), floor)
        if skirting is not None:
            self.box(-EDGE, horizon - 7, 256 + EDGE, horizon, skirting, outline=False)
        self.pen.line([(-EDGE, horizon), (256 + EDGE, horizon)])

    def sky(self, horizon: float, *, has_disc: bool = True) -> None:
        """The sky of the hour with a sun, or a moon and stars."""
        top, bottom = SKY[self.time]
        self.lights.vertical_gradient(_band(-EDGE, horizon + 2), top, bottom)
        if self.is_night:
            for _ in range(9):
                self.star(self.rng.uniform(0, 256), self.rng.uniform(4, horizon * 0.6), self.rng.uniform(3.0, 4.5))
        if has_disc:
            self.disc(self.rng.choice((44.0, 208.0)) + self.rng.uniform(-14, 14), self.rng.uniform(36, 56))

    def disc(self, x: float, y: float) -> None:
        """The sun or the moon."""
        colour = {"day": (255, 240, 150), "dusk": (255, 244, 196), "night": (250, 244, 206)}[self.time]
        self.lights.glow(x, y, 54, (255, 250, 220), 0.6)
        self.lights.ellipse(x, y, 19, 19, colour, outline=False)
        if self.is_night:
            self.lights.ellipse(x + 9, y - 5, 15, 15, mixed(SKY["night"][0], SKY["night"][1], 0.3), outline=False)

    def cloud(self, x: float, y: float, size: float) -> None:
        """A soft cloud, pale by day, dark by night."""
        colour = {"day": (255, 255, 255), "dusk": (255, 226, 206), "night": (90, 98, 164)}[self.time]
        for shift, lift, radius in ((-0.9, 0.1, 0.55), (0.0, -0.2, 0.8), (0.9, 0.12, 0.6), (0.1, 0.2, 0.75)):
            self.lights.ellipse(
                x + shift * size, y + lift * size, size * radius * 1.2, size * radius * 0.8, colour, outline=False
            )

    def star(self, x: float, y: float, radius: float, colour: RGB = (255, 248, 200)) -> None:
        """A star with four points."""
        self.lights.polygon(star_points(x, y, radius), colour, outline=False)

    def window(self, left: float, top: float, width: float, height: float, frame: RGB = (255, 250, 240)) -> None:
        """A window on the hour's sky, with one crossbar."""
        right, bottom = left + width, top + height
        self.box(left - 5, top - 5, right + 5, bottom + 5, frame)
        upper, lower = SKY[self.time]
        self.lights.vertical_gradient([(left, top), (right, top), (right, bottom), (left, bottom)], upper, lower)
        if self.is_night:
            self.star(left + width * 0.25, top + height * 0.3, 5)
            self.lights.ellipse(left + width * 0.72, top + height * 0.3, 8, 8, (250, 244, 206), outline=False)
        else:
            hill = (126, 196, 112) if self.time == "day" else (196, 112, 96)
            self.lights.ellipse(left + width / 2, bottom, width * 0.42, height * 0.26, hill, outline=False)
            self.box(left - 5, bottom, right + 5, bottom + 5, frame)
        self.pen.line([(left + width / 2, top), (left + width / 2, bottom)], frame, 4)
        self.pen.line([(left, top + height / 2), (right, top + height / 2)], frame, 4)


def box_on(
    pen: Pen, left: float, top: float, right: float, bottom: float, fill: RGB, *, outline: RGB | bool = True
) -> None:
    """A rectangle on any pen."""
    pen.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], fill, outline=outline)


def star_points(x: float, y: float, radius: float) -> list[tuple[float, float]]:
    """The outline of a star with four points."""
    inner = radius * 0.34
    return [
        (x, y - radius),
        (x + inner, y - inner),
        (x + radius, y),
        (x + inner, y + inner),
        (x, y + radius),
        (x - inner, y + inner),
        (x - radius, y),
        (x - inner, y - inner),
    ]


def _band(top: float, bottom: float) -> list[tuple[float, float]]:
    return [(-EDGE, top), (256 + EDGE, top), (256 + EDGE, bottom), (-EDGE, bottom)]
