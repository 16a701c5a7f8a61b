"""A picture to draw on: shapes with bold outlines, in units of the final 256-pixel picture.

Everything is drawn at twice the size and averaged down at the end, which is all the smoothing the flat drawings need.
Every colour goes through the pen's palette, so a style can recolour figures and places without their knowledge.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from story_engine.preview_model.world.drawing.curves import (
    Point,
    PointArray,
    Points,
    smoothed,
    turned,
    unit_circle,
    widened,
)

__all__ = ["RGB", "Canvas", "Palette", "Pen", "Point", "Points"]

RGB = tuple[int, int, int]

PICTURE_UNITS = 256
SUPERSAMPLING = 2
DEVICE_PIXELS = PICTURE_UNITS * SUPERSAMPLING


def keep_colour(colour: RGB) -> RGB:
    """The tint of a style that recolours nothing."""
    return colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """What a style decides before the first shape is drawn."""

    ink: RGB = (46, 34, 44)
    """Colour of outlines; used as it is, never tinted."""
    outline_width: float = 4.0
    """Units of the final picture, for a figure of full height."""
    is_flat: bool = False
    """No shading, blush or gloss: plain areas of colour (paper cuts, pixels)."""
    tint: Callable[[RGB], RGB] = field(default=keep_colour)
    """Maps every colour but the ink to the style's own."""


class Pen:
    """Draws shapes in its own coordinates: an origin, a scale, a turn and a mirror within the picture.

    `outline` is True for the palette's ink, False for none, or a colour of its own. Outlines lie outside the shape and
    grow only mildly with the pen's scale; line thickness grows with it fully.
    """

    def __init__(self, image: Image.Image, palette: Palette, matrix: PointArray, outline_growth: float = 1.0) -> None:
        """Use `Canvas` or `Pen.placed`; `matrix` is (2, 3), local units to device pixels."""
        self.image = image
        self.palette = palette
        self._draw = ImageDraw.Draw(image)
        self._matrix = matrix
        self._linear = np.ascontiguousarray(matrix[:, :2].T)
        self._offset = matrix[:, 2]
        self._scale = math.sqrt(abs(float(np.linalg.det(matrix[:, :2]))))
        self._outline_growth = outline_growth

    @property
    def is_mirrored(self) -> bool:
        """Whether what is drawn here looks to the left."""
        return bool(np.linalg.det(self._matrix[:, :2]) < 0)

    def placed(self, x: float, y: float, *, scale: float = 1.0, facing: int = 1, degrees: float = 0.0) -> Pen:
        """A pen whose origin is at (x, y) here; `facing` -1 mirrors it, `degrees` turns it clockwise first."""
        turn = math.radians(degrees)
        cosine, sine = math.cos(turn) * scale, math.sin(turn) * scale
        local = np.array([[facing * cosine, -facing * sine, x], [sine, cosine, y], [0.0, 0.0, 1.0]])
        growth = self._outline_growth * scale**0.45
        return Pen(self.image, self.palette, self._matrix @ local, growth)

    def with_palette(self, palette: Palette) -> Pen:
        """The same place with another palette."""
        return Pen(self.image, palette, self._matrix, self._outline_growth)

    def polygon(
        self, points: Points, fill: RGB | None, *, outline: RGB | bool = True, width: float | None = None
    ) -> None:
        """A closed shape with straight sides."""
        self._area(np.asarray(points, dtype=np.float64), fill, outline, width)

    def curve(
        self, points: Points, fill: RGB | None, *, outline: RGB | bool = True, width: float | None = None
    ) -> None:
        """A closed smooth shape through the points (Catmull-Rom)."""
        self._area(smoothed(points, is_closed=True), fill, outline, width)

    def ellipse(
        self,
        x: float,
        y: float,
        radius_x: float,
        radius_y: float | None = None,
        fill: RGB | None = None,
        *,
        outline: RGB | bool = True,
        width: float | None = None,
        degrees: float = 0.0,
    ) -> None:
        """An ellipse around (x, y), turned clockwise; a circle without `radius_y`."""
        radii = np.array([radius_x, radius_x if radius_y is None else radius_y])
        points = unit_circle() * radii
        if degrees:
            points = turned(points, degrees)
        self._area(points + np.array((x, y)), fill, outline, width)

    def rounded_rectangle(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        radius: float,
        fill: RGB | None,
        *,
        outline: RGB | bool = True,
        width: float | None = None,
    ) -> None:
        """A rectangle with round corners."""
        radius = min(radius, (right - left) / 2, (bottom - top) / 2)
        circle = unit_circle()
        corners = np.sign(circle + 1e-9)  # the quarter that each point of the circle belongs to
        half = np.array([(right - left) / 2 - radius, (bottom - top) / 2 - radius])
        centre = ((left + right) / 2, (top + bottom) / 2)
        self._area(circle * radius + corners * half + centre, fill, outline, width)

    def line(
        self,
        points: Points,
        colour: RGB | None = None,
        thickness: float | None = None,
        *,
        is_smooth: bool = False,
        outline: RGB | bool = False,
    ) -> None:
        """An open stroke with round ends: ink of outline width unless told otherwise; `outline` makes it a limb."""
        path = np.asarray(points, dtype=np.float64)
        if is_smooth and len(path) > 2:
            path = smoothed(path, is_closed=False)
        device = self._device(path)
        wide = self._outline_pixels(None) if thickness is None else thickness * self._scale
        if outline is not False:
            edge = self.palette.ink if outline is True else self.palette.tint(outline)
            self._stroke(device, wide + 2 * self._outline_pixels(None), edge)
        self._stroke(device, wide, self.palette.ink if colour is None else self.palette.tint(colour))

    def arc(
        self,
        x: float,
        y: float,
        radius_x: float,
        radius_y: float,
        start_degrees: float,
        end_degrees: float,
        colour: RGB | None = None,
        thickness: float | None = None,
    ) -> None:
        """A stroke along an ellipse, clockwise from `start_degrees` (0 is right, 90 is down)."""
        turns = np.radians(np.linspace(start_degrees, end_degrees, 12))
        path = np.column_stack((x + radius_x * np.cos(turns), y + radius_y * np.sin(turns)))
        device = self._device(path)
        wide = self._outline_pixels(None) if thickness is None else thickness * self._scale
        self._stroke(device, wide, self.palette.ink if colour is None else self.palette.tint(colour))

    def vertical_gradient(self, points: Points, top: RGB, bottom: RGB) -> None:
        """Fills a polygon without outline with colours that run from its top to its bottom."""
        device = self._device(np.asarray(points, dtype=np.float64))
        low = np.floor(np.maximum(device.min(axis=0), 0)).astype(int)
        high = np.ceil(np.minimum(device.max(axis=0) + 1, self.image.size)).astype(int)
        width, height = int(high[0] - low[0]), int(high[1] - low[1])
        if width <= 0 or height <= 0:
            return
        mask = Image.new("L", (width, height))
        ImageDraw.Draw(mask).polygon((device - low).ravel().tolist(), fill=255)
        ramp = Image.linear_gradient("L").resize((1, height)).resize((width, height))
        colours = Image.composite(
            Image.new("RGB", (width, height), self.palette.tint(bottom)),
            Image.new("RGB", (width, height), self.palette.tint(top)),
            ramp,
        )
        self.image.paste(colours, (int(low[0]), int(low[1])), mask)

    def glow(self, x: float, y: float, radius: float, colour: RGB, strength: float = 0.8) -> None:
        """Soft light around (x, y): full `strength` (0 to 1) in the middle, none at `radius`."""
        centre = self._device(np.array([[x, y]]))[0]
        pixels = max(2, round(radius * self._scale))
        mask = _light(min(pixels, 512), round(strength * 100))
        if mask.width != 2 * pixels:
            mask = mask.resize((2 * pixels, 2 * pixels))
        corner = (round(float(centre[0])) - pixels, round(float(centre[1])) - pixels)
        self.image.paste(self.palette.tint(colour), (*corner, corner[0] + 2 * pixels, corner[1] + 2 * pixels), mask)

    def _device(self, points: PointArray) -> PointArray:
        placed: PointArray = points @ self._linear + self._offset
        return placed

    def _outline_pixels(self, width: float | None) -> float:
        units = self.palette.outline_width if width is None else width
        return units * SUPERSAMPLING * self._outline_growth

    def _area(self, points: PointArray, fill: RGB | None, outline: RGB | bool, width: float | None) -> None:
        device = self._device(points)
        if outline is not False:
            edge = self.palette.ink if outline is True else self.palette.tint(outline)
            pixels = self._outline_pixels(width)
            if pixels > 0:
                self._draw.polygon(widened(device, pixels).ravel().tolist(), fill=edge)
        if fill is not None:
            self._draw.polygon(device.ravel().tolist(), fill=self.palette.tint(fill))

    def _stroke(self, device: PointArray, wide: float, colour: RGB) -> None:
        self._draw.line(device.ravel().tolist(), fill=colour, width=max(1, round(wide)))
        radius = wide / 2
        if radius < 1:
            return
        for x, y in device.tolist():
            self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


class Canvas(Pen):
    """The whole picture as a pen: (0, 0) is the top left corner, (256, 256) the bottom right."""

    def __init__(self, background: RGB = (255, 255, 255), palette: Palette | None = None) -> None:
        """An empty picture; `background` goes through the palette."""
        chosen = palette or Palette()
        image = Image.new("RGB", (DEVICE_PIXELS, DEVICE_PIXELS), chosen.tint(background))
        super().__init__(image, chosen, np.array([[SUPERSAMPLING, 0.0, 0.0], [0.0, SUPERSAMPLING, 0.0]]))

    def finish(self, size: int = PICTURE_UNITS) -> Image.Image:
        """The drawn picture, averaged down to `size` x `size` pixels."""
        if DEVICE_PIXELS % size == 0:
            return self.image.reduce(DEVICE_PIXELS // size)
        return self.image.resize((size, size), Image.Resampling.LANCZOS)


@lru_cache(maxsize=64)
def _light(radius: int, percent: int) -> Image.Image:
    mask = Image.radial_gradient("L").resize((2 * radius, 2 * radius), Image.Resampling.BILINEAR)
    # the gradient is 0 in the middle and 255 in the corners: at the circle's edge it is 255 / sqrt(2)
    edge = 255 / math.sqrt(2)
    table = [round(max(0.0, 1 - value / edge) ** 1.5 * 255 * percent / 100) for value in range(256)]
    return mask.point(table)
