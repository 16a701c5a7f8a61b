"""What the hands of an acting figure hold: a microphone, a book, each other."""

from __future__ import annotations

import random

from story_engine.preview_model.world import Figure
from story_engine.preview_model.world.drawing.canvas import RGB, Pen
from story_engine.preview_model.world.drawing.poses import Pose

_COVERS: tuple[RGB, ...] = ((178, 62, 58), (62, 110, 176), (64, 138, 92))
_PAGE: RGB = (255, 250, 232)


def draw_held(pen: Pen, figure: Figure, pose: Pose, rng: random.Random) -> None:
    """What the action needs, in the hands of the pose."""
    x, y = pose.near_arm[2]
    if figure.action == "singing":
        toward = -7.0 if figure.view == "front" else 1.0
        draw_microphone(pen, x, y, x + toward, y - 18)
    elif figure.action == "reading":
        cover = rng.choice(_COVERS)
        if figure.view == "side":
            draw_open_book(pen.placed(x + 12, y - 2, degrees=-30), cover, half=20)
        else:
            draw_open_book(pen.placed(0, y + 2), cover, half=32)


def draw_microphone(pen: Pen, hand_x: float, hand_y: float, head_x: float, head_y: float) -> None:
    """A microphone from below the hand up to its round head."""
    below = (hand_x + (hand_x - head_x) * 0.5, hand_y + (hand_y - head_y) * 0.5)
    pen.line([below, (head_x, head_y)], (58, 58, 70), 6.5, outline=True)
    pen.ellipse(head_x, head_y, 9, 9, (150, 156, 170))
    pen.arc(head_x, head_y, 4.5, 4.5, 180, 290, (236, 240, 246), 3.0)


def draw_open_book(pen: Pen, cover: RGB, half: float) -> None:
    """An open book seen from the reader's opposite: cover below, pages above, lines of text."""
    tall = half * 0.62
    pen.polygon(
        [
            (-half - 5, -tall - 2),
            (0, -tall + 5),
            (half + 5, -tall - 2),
            (half + 5, tall + 2),
            (0, tall + 9),
            (-half - 5, tall + 2),
        ],
        cover,
    )
    for side in (-1, 1):
        pen.polygon(
            [(0, -tall + 4), (side * half, -tall - 5), (side * half, tall - 5), (0, tall + 2)], _PAGE, width=2.0
        )
        for row in range(3):
            y = -tall * 0.5 + row * tall * 0.5
            pen.line([(side * half * 0.25, y + 2), (side * half * 0.78, y - 1)], (166, 156, 150), 2.6)


def draw_hands_together(pen: Pen, pose: Pose, skin: RGB) -> None:
    """Clasped hands before the chest."""
    x = (pose.near_arm[2][0] + pose.far_arm[2][0]) / 2
    y = pose.near_arm[2][1] - 4
    for side in (-1, 1):
        pen.ellipse(x + side * 5.5, y, 8, 12, skin, degrees=side * -16)
    pen.ellipse(x, y + 2, 5, 8, skin, outline=False)
    for step in range(3):
        pen.line([(x - 5, y - 4 + step * 5), (x + 5, y - 4 + step * 5)], None, 2.0)
