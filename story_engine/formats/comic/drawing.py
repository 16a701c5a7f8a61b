"""What lies on a page, in pixels at 300 dpi, from back to front; both painters draw the same list."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DPI = 300
"""What print shops ask for."""
PER_MM = DPI / 25.4
PER_POINT = DPI / 72


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height

    def grown(self, by: float) -> Box:
        """The rectangle, larger by `by` on each side."""
        return Box(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)


@dataclass(frozen=True, slots=True)
class Picture:
    """A panel's picture, whole, scaled into the box; its file is only read."""

    path: Path
    box: Box
    alternative: str
    """What it shows, for whoever cannot see it."""


@dataclass(frozen=True, slots=True)
class Area:
    """A filled rectangle, its corners rounded by `radius`."""

    box: Box
    fill: str
    radius: float = 0.0


@dataclass(frozen=True, slots=True)
class Shape:
    """A filled polygon."""

    points: tuple[tuple[float, float], ...]
    fill: str


@dataclass(frozen=True, slots=True)
class Letters:
    """A piece of a line in one face."""

    x: float
    y: float
    """Where the baseline begins."""
    text: str
    size: float
    face: str
    colour: str
    turned: bool = False
    """By a quarter to the right: the baseline runs downwards."""


Item = Picture | Area | Shape | Letters


@dataclass(frozen=True, slots=True)
class Page:
    """One page of paper."""

    width: int
    height: int
    items: tuple[Item, ...]
