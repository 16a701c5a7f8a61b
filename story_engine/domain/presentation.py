"""A board as it is shown to people: all panels at once, then one after the other."""

from __future__ import annotations

from typing import Literal

from story_engine.domain.value import Value

Shape = Literal["wide", "tall"]
Theme = Literal["light", "dark"]
SHAPES: tuple[Shape, ...] = ("wide", "tall")
THEMES: tuple[Theme, ...] = ("light", "dark")
WHOLE_BOARD = 0
"""The slide with all panels; the others are numbered as their panels."""


class Look(Value):
    """For which screen a slide is made."""

    shape: Shape = "wide"
    """A screen that is wider than high, or a telephone."""
    theme: Theme = "light"
