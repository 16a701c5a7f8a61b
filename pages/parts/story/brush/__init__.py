"""A picture or a white sheet that is painted on with a brush: a spot that is mended, lines that are drawn."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from pages.parts.shared.component_data import given
from pages.parts.shared.wording import say
from pages.parts.story import redraw

_TOOLS = ("brush", "eraser", "undo", "clear", "size", "tools", "keys")
_HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "story_studio_brush",
    css=(_HERE / "component.css").read_text(encoding="utf-8"),
    js=(_HERE / "component.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pen:
    """What is painted with."""

    ink: str
    """A colour of CSS."""
    sizes: tuple[float, float, float]
    """Least, first and greatest width, as shares of the longer side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for beside the strokes."""

    strength: float
    strengths: tuple[float, float]
    tries: Sequence[int]
    longest: int
    """Characters of the words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Painted:
    """What came of it."""

    png: bytes
    """See-through where nothing was painted; no picture at all where it did not arrive as one."""
    words: str
    strength: float | None
    tries: int


def draw(
    on: str,
    *,
    texts: Mapping[str, str],
    size: tuple[int, int],
    pen: Pen,
    take_in: Callable[[Painted], object],
    picture: str | None = None,
    asked: Asked | None = None,
) -> None:
    """The brush in a dialog.

    Args:
        on: what is painted on, told apart from all else: strokes that were not sent are there again.
        texts: of this use: canvas, hint, send, nothing, sent; of a picture, picture; where something is asked for,
            words, placeholder, wordless, strength, tries.
        size: width and height in pixels.
        pen: to begin with.
        take_in: does what is to be done with what was painted.
        picture: its address; None: a white sheet.
        asked: beside the strokes.
    """
    key = f"brush-{on}"
    _mount(
        key=key,
        data=given(
            on=on,
            picture=picture,
            width=size[0],
            height=size[1],
            ink=pen.ink,
            sizes=list(pen.sizes),
            ask=None
            if asked is None
            else {
                "strength": asked.strength,
                "strengths": list(asked.strengths),
                "tries": list(asked.tries),
                "longest": asked.longest,
            },
            texts={each: say(f"brush.{each}") for each in _TOOLS} | dict(texts),
        ),
        on_painted_change=lambda: redraw.whole(_painted, on, key, take_in),
    )


def _painted(on: str, key: str, take_in: Callable[[Painted], object]) -> None:
    sent = getattr(st.session_state.get(key), "painted", None)
    if not isinstance(sent, Mapping) or sent.get("on") != on:
        return
    strength, tries = sent.get("strength"), sent.get("tries")
    try:
        png = base64.b64decode(str(sent.get("painted")), validate=True)
    except (binascii.Error, ValueError):
        png = b""  # the verb says what is wrong with it
    take_in(
        Painted(
            png=png,
            words=str(sent.get("words") or ""),
            strength=float(strength) if isinstance(strength, int | float) else None,
            tries=int(tries) if isinstance(tries, int | float) else 1,
        )
    )
