"""Speech bubbles of one panel: stacked in the order in which they are read, where the picture is calmest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from story_engine.formats.comic.calm import Calm
from story_engine.formats.comic.drawing import PER_MM, PER_POINT, Area, Box, Item, Shape
from story_engine.formats.comic.letters import letters
from story_engine.formats.comic.paragraph import Block, Manner, set_text

LARGEST, SMALLEST = 8.5 * PER_POINT, 4.5 * PER_POINT
INK, PAPER, QUIET = "#211C26", "#FFFFFF", "#6B6472"
_PADDING = 1.7 * PER_MM
_LINE = 0.35 * PER_MM
_TAIL_LENGTH, _TAIL_BASE = 3.6 * PER_MM, 2.6 * PER_MM
_OF_WIDTH = 0.028
"""Of a large panel's width: letters that suit it."""
_WIDEST, _HIGHEST = 0.62, 0.74
"""Shares of the panel: of one bubble, of all together."""
_NAME = 0.78
"""Size of a speaker's name beside what is said."""
_HABIT = 1.15
"""How much calmer another place has to be than the usual one (top; left and right in turn)."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one bubble holds."""

    text: str
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class _Bubble:
    said: Block
    name: Block | None
    width: float
    height: float


def bubbles(said: Sequence[Said], panel: Box, calm: Calm, *, free: Box, manner: Manner) -> tuple[list[Item], int]:
    """The bubbles of a panel, and how many characters found no place in them.

    Args:
        said: in the order in which it is said.
        panel: where the picture lies.
        calm: of the picture.
        free: the part of it that no caption covers.
        manner: how text is set.
    """
    if not said:
        return [], 0
    set_ = _sized(said, free, manner)
    gap = _PADDING
    together = sum(bubble.height for bubble in set_) + gap * (len(set_) - 1)
    top = free.y + gap
    low = free.bottom - gap - together
    is_low = _detail(calm, panel, Box(free.x, low, free.width, together)) * _HABIT < _detail(
        calm, panel, Box(free.x, top, free.width, together)
    )
    y = low if is_low else top
    drawn: list[Item] = []
    for number, bubble in enumerate(set_):
        sides = [free.x + gap, free.right - gap - bubble.width]
        usual = number % 2 != int(manner.vertical)
        weights = [_detail(calm, panel, Box(x, y, bubble.width, bubble.height)) for x in sides]
        side = (not usual) if weights[not usual] * _HABIT < weights[usual] else usual
        drawn += _drawn(bubble, Box(sides[side], y, bubble.width, bubble.height), panel, is_low)
        y += bubble.height + gap
    return drawn, sum(bubble.said.left_out for bubble in set_)


def _detail(calm: Calm, panel: Box, part: Box) -> float:
    return calm.detail(
        (part.x - panel.x) / panel.width,
        (part.y - panel.y) / panel.height,
        (part.right - panel.x) / panel.width,
        (part.bottom - panel.y) / panel.height,
    )


def _sized(said: Sequence[Said], panel: Box, manner: Manner) -> list[_Bubble]:
    """All bubbles in letters of one size, as large as lets them stand together."""
    share = (_HIGHEST * panel.height - 2 * _PADDING * len(said)) / len(said)
    room = (_WIDEST * panel.width - 2 * _PADDING, max(share - _PADDING, 2 * SMALLEST))
    alone = Manner(vertical=manner.vertical, system_fonts=manner.system_fonts, balanced=True)
    largest = max(LARGEST, _OF_WIDTH * panel.width)
    spoken = [_with_name(each, room, (SMALLEST, largest), alone) for each in said]
    size = min(block.size for block, _ in spoken)
    spoken = [_with_name(each, room, (min(size, SMALLEST), size), alone) for each in said]
    return [_bubble(block, name, manner) for block, name in spoken]


def _with_name(
    said: Said, room: tuple[float, float], sizes: tuple[float, float], manner: Manner
) -> tuple[Block, Block | None]:
    if not said.speaker.strip():
        return set_text(said.text, room=room, sizes=sizes, manner=manner), None
    across = Manner(system_fonts=manner.system_fonts)
    small = (SMALLEST * _NAME, sizes[1] * _NAME)
    name = set_text(said.speaker, room=(room[0], small[1] * 1.5), sizes=small, manner=across)
    left = (room[0], max(room[1] - name.height, SMALLEST * 1.6))
    return set_text(said.text, room=left, sizes=sizes, manner=manner), name


def _bubble(said: Block, name: Block | None, manner: Manner) -> _Bubble:
    width = max(said.width, name.width if name else 0.0) + 2 * _PADDING
    height = said.height + (name.height if name else 0.0) + (2 if manner.vertical else 1.3) * _PADDING
    return _Bubble(said, name, width, height)


def _drawn(bubble: _Bubble, box: Box, panel: Box, is_low: bool) -> list[Item]:
    radius = min(box.width, box.height) * 0.36
    tail = _tail(box, panel, is_low)
    drawn: list[Item] = [
        Area(box.grown(_LINE), INK, radius + _LINE),
        Shape(_thicker(tail), INK),
        Area(box, PAPER, radius),
        Shape(tail, PAPER),
    ]
    y = box.y + (box.height - bubble.said.height - (bubble.name.height if bubble.name else 0.0)) / 2
    for block, colour in ((bubble.name, QUIET), (bubble.said, INK)):
        if block is not None:
            drawn += letters(
                block,
                x=box.x,
                y=y,
                width=box.width,
                align="middle",
                colour=colour,
            )
            y += block.height
    return drawn


Triangle = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]


def _tail(box: Box, panel: Box, is_low: bool) -> Triangle:
    """From the bubble towards the middle of the panel: nobody knows where in it the speaker stands."""
    middle = box.x + box.width / 2
    towards = panel.x + panel.width / 2
    root = middle + max(-0.22, min(0.22, (towards - middle) / panel.width)) * box.width
    tip = root + max(-1.0, min(1.0, (towards - root) / (panel.width / 4))) * _TAIL_LENGTH * 0.8
    inside = _LINE * 2
    if is_low:
        return (
            (root - _TAIL_BASE / 2, box.y + inside),
            (root + _TAIL_BASE / 2, box.y + inside),
            (tip, box.y - _TAIL_LENGTH),
        )
    edge = box.bottom - inside
    return ((root - _TAIL_BASE / 2, edge), (root + _TAIL_BASE / 2, edge), (tip, box.bottom + _TAIL_LENGTH))


def _thicker(tail: Triangle) -> Triangle:
    (left, edge), (right, _), (tip, end) = tail
    further = 2.4 * _LINE if end > edge else -2.4 * _LINE
    return ((left - 1.3 * _LINE, edge), (right + 1.3 * _LINE, edge), (tip, end + further))
