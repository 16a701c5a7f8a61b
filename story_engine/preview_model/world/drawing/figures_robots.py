"""The robot: a box with a screen for a face, tubes for arms and an antenna."""

from __future__ import annotations

import random

from story_engine.preview_model.world import Figure
from story_engine.preview_model.world.drawing.canvas import RGB, Pen, Point
from story_engine.preview_model.world.drawing.colours import colour_of, darker, is_dark, lighter
from story_engine.preview_model.world.drawing.faces import FaceFeatures, draw_face
from story_engine.preview_model.world.drawing.held import draw_hands_together, draw_held
from story_engine.preview_model.world.drawing.marks import draw_marks
from story_engine.preview_model.world.drawing.poses import Limb, pose_of

_METAL: RGB = (158, 166, 182)
_SCREEN: RGB = (216, 244, 246)
_LAMP: RGB = (255, 196, 60)
_HEAD_Y = -142.0
_LYING_HEAD: Point = (36.0, -50.0)


def robot_top(figure: Figure) -> float:
    """Units from the ground to the tip of the antenna."""
    if figure.action in ("lying", "sleeping"):
        return 128.0
    return 214.0 - pose_of(figure).drop


def robot_head(figure: Figure) -> Point:
    """The middle of the head."""
    if figure.action in ("lying", "sleeping"):
        return _LYING_HEAD
    return (3 if figure.view == "side" else 0, _HEAD_Y + pose_of(figure).drop)


def draw_robot(pen: Pen, figure: Figure, rng: random.Random) -> None:
    """A robot whose feet stand at the pen's origin, `robot_top` units high."""
    shell = colour_of(figure.colour, rng)
    tilt = {"curious": 8.0, "longing": -5.0, "sad": 4.0}.get(figure.mood, 0.0)
    if figure.action in ("lying", "sleeping"):
        _draw_lying(pen, figure, shell, tilt)
        return
    pose = pose_of(figure)
    is_side = figure.view == "side"
    upper = pen.placed(-6 if pose.lean else 0, pose.drop, degrees=pose.lean)
    head = upper.placed(3 if is_side else 0, _HEAD_Y, degrees=tilt)
    if is_side:
        _draw_arm(upper, pose.far_arm, shell)
    for leg in (pose.far_leg, pose.near_leg):
        _draw_leg(pen, leg, shell)
    _draw_trunk(upper, shell, is_side=is_side)
    if pose.is_seated:
        for leg in (pose.far_leg, pose.near_leg):
            _draw_leg(pen, leg, shell)
    arms = (pose.near_arm,) if is_side else (pose.far_arm, pose.near_arm)
    if pose.hands_over_face:
        _draw_head(head, figure, shell)
    for arm in arms:
        _draw_arm(upper, arm, shell)
    draw_held(upper, figure, pose, rng)
    if not pose.hands_over_face:
        _draw_head(head, figure, shell)
    if figure.action == "wishing":
        draw_hands_together(upper, pose, _METAL)
    draw_marks(head, figure)


def _draw_lying(pen: Pen, figure: Figure, shell: RGB, tilt: float) -> None:
    for y in (-30, -12):
        _draw_leg(pen, ((-50, y), (-70, y), (-90, y)), shell)
    pen.rounded_rectangle(-62, -46, 10, -3, 10, shell)
    pen.rounded_rectangle(-48, -36, -22, -14, 4, lighter(shell, 0.5), width=2.6)
    _draw_arm(pen, ((-8, -18), (10, -9), (34, -8)), shell)
    head = pen.placed(*_LYING_HEAD, degrees=tilt + (6 if figure.action == "sleeping" else 0))
    _draw_head(head, figure, shell)
    draw_marks(head, figure)


def _draw_trunk(pen: Pen, shell: RGB, *, is_side: bool) -> None:
    half = 29.0 if not is_side else 22.0
    pen.rounded_rectangle(-8, -108, 8, -92, 3, _METAL)
    pen.rounded_rectangle(-half, -99, half, -44, 10, shell)
    panel = lighter(shell, 0.55) if not is_dark(shell) else lighter(shell, 0.3)
    pen.rounded_rectangle(-half + 9, -88, half - 9, -62, 5, panel, width=2.6)
    for index, colour in enumerate(((232, 70, 70), _LAMP, (84, 190, 110))):
        pen.ellipse((index - 1) * (11 if not is_side else 8), -80, 4, 4, colour, width=1.4)
    pen.line([(-half + 14, -69), (half - 14, -69)], _METAL, 4.0)


def _draw_leg(pen: Pen, leg: Limb, shell: RGB) -> None:
    pen.line(list(leg), _METAL, 11.0, outline=True)
    x, y = leg[2]
    pen.rounded_rectangle(x - 14, y - 7, x + 14, y + 6, 6, darker(shell, 0.25))


def _draw_arm(pen: Pen, arm: Limb, shell: RGB) -> None:
    shoulder, elbow, hand = arm
    sign = 1.0 if shoulder[0] >= 0 else -1.0
    root = (shoulder[0] + 9 * sign, shoulder[1] + 4)
    pen.line([root, elbow, hand], _METAL, 10.0, outline=True)
    pen.ellipse(root[0], root[1], 10, 10, shell)
    pen.ellipse(hand[0], hand[1], 10, 10, darker(shell, 0.2))
    pen.ellipse(hand[0], hand[1], 4, 4, lighter(shell, 0.5), outline=False)


def _draw_head(pen: Pen, figure: Figure, shell: RGB) -> None:
    is_side = figure.view == "side"
    pen.line([(0, -40), (0, -58)], _METAL, 5.0, outline=True)
    pen.ellipse(0, -61, 8, 8, (240, 76, 70))
    if not is_side:
        for x in (-54, 54):
            pen.rounded_rectangle(x - 8, -12, x + 8, 16, 5, _METAL)
    pen.rounded_rectangle(-50, -41, 50, 40, 15, shell)
    if is_side:
        pen.rounded_rectangle(-2, -30, 54, 34, 12, _SCREEN, width=3.0)
        pen.ellipse(-24, 2, 13, 13, _METAL)
        pen.ellipse(-24, 2, 5, 5, darker(_METAL), outline=False)
    else:
        pen.rounded_rectangle(-40, -30, 40, 31, 12, _SCREEN, width=3.0)
    features = FaceFeatures(
        skin=_SCREEN,
        iris=(30, 84, 120),
        eye_x=19.0,
        eye_y=-2.0,
        mouth_y=20.0,
        eye_width=17.0,
        eye_height=20.0,
        eye_x_side=26.0,
        mouth_x_side=34.0,
        blush_strength=0.8,
    )
    draw_face(pen, features, figure)
