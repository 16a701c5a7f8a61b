"""Girls, boys, emperors, maids, princes and warriors, upright or lying down."""

from __future__ import annotations

import random
from dataclasses import replace

from story_engine.preview_model.world import Figure
from story_engine.preview_model.world.drawing.canvas import RGB, Pen, Point, Points
from story_engine.preview_model.world.drawing.colours import colour_of, darker, hair_colour_of
from story_engine.preview_model.world.drawing.curves import svg_points
from story_engine.preview_model.world.drawing.faces import FaceFeatures, draw_face
from story_engine.preview_model.world.drawing.hair import draw_hair_before, draw_hair_behind
from story_engine.preview_model.world.drawing.headgear import GOLD, HEADGEAR_HEIGHT, draw_headgear, draw_headgear_behind
from story_engine.preview_model.world.drawing.held import draw_hands_together, draw_held
from story_engine.preview_model.world.drawing.marks import draw_marks
from story_engine.preview_model.world.drawing.outfits import (
    LONG_OUTFITS,
    Clothes,
    draw_arm,
    draw_leg,
    draw_outfit,
    draw_shoe,
)
from story_engine.preview_model.world.drawing.poses import Pose, pose_of

HEAD_Y = -146.0
_LYING_HEADS: dict[str, Point] = {"lying": (36.0, -58.0), "sleeping": (38.0, -47.0)}
_SKINS: tuple[RGB, ...] = ((255, 226, 200), (252, 216, 186), (255, 232, 212))
_IRISES: dict[str, RGB] = {
    "girl": (116, 62, 130),
    "boy": (56, 84, 146),
    "emperor": (62, 40, 32),
    "maid": (86, 54, 40),
    "prince": (42, 104, 160),
    "warrior": (60, 96, 70),
}


def person_top(figure: Figure) -> float:
    """Units from the ground to the highest point of the upright figure."""
    if figure.action in ("lying", "sleeping"):
        return 52.0 - person_head(figure)[1] + HEADGEAR_HEIGHT[figure.subject]
    return 198.0 - pose_of(figure).drop + HEADGEAR_HEIGHT[figure.subject]


def person_head(figure: Figure) -> Point:
    """The middle of the head."""
    if figure.action in _LYING_HEADS:
        x, y = _LYING_HEADS[figure.action]
        return x, min(y, -66.0) if figure.subject == "emperor" else y  # his beard must not reach into the ground
    return (4 if figure.view == "side" else 0, HEAD_Y + pose_of(figure).drop)


def draw_person(pen: Pen, figure: Figure, rng: random.Random) -> None:
    """An upright person whose feet stand at the pen's origin, `person_top` units high."""
    colour, hair, skin = colour_of(figure.colour, rng), hair_colour_of(figure.hair_colour, rng), rng.choice(_SKINS)
    pose = pose_of(figure)
    is_side = figure.view == "side"
    upper = pen.placed(-6 if pose.lean else 0, pose.drop, degrees=pose.lean)
    tilt = {"curious": 8.0, "longing": -5.0, "sad": 4.0}.get(figure.mood, 0.0)
    head = upper.placed(4 if is_side else 0, HEAD_Y, degrees=tilt if figure.action != "reading" else 4.0)
    clothes = Clothes(
        outfit=figure.outfit, colour=colour, skin=skin, ground=-pose.drop, is_seated=pose.is_seated, is_side=is_side
    )

    draw_headgear_behind(head, figure, hair)
    if figure.subject == "prince":
        _draw_cape(upper, figure, -pose.drop)
    draw_hair_behind(head, figure, hair)
    if is_side:
        draw_arm(upper, pose.far_arm, clothes)
    if figure.subject == "warrior" and figure.action in ("standing", "sitting") and not is_side:
        _draw_spear(upper, pose)
        pose = replace(pose, near_arm=(pose.near_arm[0], (38.0, -76.0), (55.0, -72.0)))
    legs_over = pose.is_seated and clothes.outfit in ("casual", "armour")
    if not legs_over:
        _draw_legs(pen, pose, clothes)
    draw_outfit(upper, clothes)
    if legs_over:
        _draw_legs(pen, pose, clothes)
    elif pose.is_seated and not is_side:
        for leg in (pose.far_leg, pose.near_leg):
            draw_shoe(pen, (leg[2][0] * 0.75, leg[2][1]), clothes)
    arms = (pose.near_arm,) if is_side else (pose.far_arm, pose.near_arm)
    if not pose.hands_over_face:
        for arm in arms:
            draw_arm(upper, arm, clothes)
        draw_held(upper, figure, pose, rng)
    draw_head(head, figure, skin, hair)
    if figure.action == "wishing":
        draw_hands_together(upper, pose, skin)
    if pose.hands_over_face:
        for arm in arms:
            draw_arm(upper, arm, clothes)
        draw_held(upper, figure, pose, rng)
    draw_marks(head, figure)


def draw_person_lying(pen: Pen, figure: Figure, rng: random.Random) -> None:
    """A person lying face down with the head to the right, feet up; asleep with the head on the arms."""
    colour, hair, skin = colour_of(figure.colour, rng), hair_colour_of(figure.hair_colour, rng), rng.choice(_SKINS)
    is_asleep = figure.action == "sleeping"
    # wide sleeves would reach into the ground
    sleeve = "casual" if figure.outfit in LONG_OUTFITS else figure.outfit
    clothes = Clothes(outfit=figure.outfit, colour=colour, skin=skin, is_side=True)
    head = pen.placed(*person_head(figure), degrees=9 if is_asleep else 0)
    draw_headgear_behind(head, figure, hair)
    hem = {"gown": -46.0, "casual": -24.0, "armour": -24.0}.get(figure.outfit, -36.0)
    laid = pen.placed(-74, hem, degrees=90)  # the ground of the upright body is a wall at the left
    if figure.outfit in LONG_OUTFITS:
        for y in (-16, -4):
            pen.ellipse(-90, y - 4, 10, 9, darker(colour, 0.5))
    else:
        legs = ((-34, -30), (-62, -24), (-84, -18)) if is_asleep else ((-34, -24), (-66, -14), (-74, -46))
        for shift in (0.0, 13.0):
            moved = (_shifted(legs[0], 0, shift), _shifted(legs[1], 0, shift * 0.4), _shifted(legs[2], -shift, 0))
            draw_leg(pen, moved, clothes)
    draw_outfit(laid, clothes)
    draw_hair_behind(head, replace(figure, hair_length="short"), hair)
    if figure.hair_length != "short":
        _draw_fallen_hair(head, figure, hair)
    if not is_asleep:
        draw_arm(pen, ((14.0, -22.0), (8.0, -10.0), (28.0, -9.0)), replace(clothes, outfit=sleeve))
    draw_head(head, replace(figure, hair_length="short"), skin, hair)
    for arm in (((58.0, -14.0), (70.0, -9.0), (40.0, -8.0)), ((0.0, -18.0), (8.0, -9.0), (36.0, -8.0))):
        if is_asleep:
            draw_arm(pen, arm, replace(clothes, outfit=sleeve))
    draw_marks(head, figure)


def _shifted(point: Point, x: float, y: float) -> Point:
    return point[0] + x, point[1] + y


def draw_head(head: Pen, figure: Figure, skin: RGB, hair: RGB) -> None:
    """Face, fringe and headgear around the pen's origin."""
    if figure.view == "side":
        face = svg_points("0,-44 30,-36 42,-12 44,4 50,13 43,20 40,32 26,43 4,46 -22,38 -40,14 -34,-24")
        head.curve(face, skin)
        head.curve([(-17, 6), (-10, 2), (-5, 10), (-10, 19), (-17, 16)], skin, width=2.6)
    else:
        for x in (-43, 43):
            head.ellipse(x, 10, 7, 9, skin)
        half: Points = [(0, -44), (30, -34), (43, -4), (41, 18), (27, 37), (10, 45)]
        head.curve([*half, *[(-x, y) for x, y in reversed(half[1:])]], skin)
    is_girl = figure.subject in ("girl", "maid")
    brow = darker(hair, 0.3) if figure.subject in ("emperor", "warrior", "prince", "boy") else None
    features = FaceFeatures(
        skin=skin, iris=_IRISES[figure.subject], brow=brow, has_lashes=is_girl, eye_x=18.5, eye_y=8.0
    )
    if figure.subject == "emperor":
        features = replace(features, blush_strength=0.0, eye_height=19.0)
        _draw_beard(head, figure.view, hair)
    draw_face(head, features, figure)
    draw_hair_before(head, figure, hair)
    draw_headgear(head, figure)


def _draw_legs(pen: Pen, pose: Pose, clothes: Clothes) -> None:
    for leg in (pose.far_leg, pose.near_leg):
        draw_leg(pen, leg, clothes)


def _draw_beard(head: Pen, view: str, hair: RGB) -> None:
    x = 30.0 if view == "side" else 0.0
    head.polygon([(x - 9, 36), (x + 9, 36), (x + 6, 54), (x, 66), (x - 6, 54)], hair, width=2.6)
    for side in (-1, 1):
        head.line([(x + side * 3, 20), (x + side * 13, 22), (x + side * 18, 32)], hair, 4.6, is_smooth=True)


def _draw_cape(upper: Pen, figure: Figure, ground: float) -> None:
    cape = (198, 44, 58) if figure.colour not in ("red", "pink") else (66, 84, 176)
    low = ground - 6
    if figure.view == "side":
        upper.polygon([(2, -100), (-14, -98), (-44, low), (-8, low)], cape)
    else:
        upper.polygon([(-16, -100), (16, -100), (46, low), (-46, low)], cape)
        upper.line([(-15, -99), (15, -99)], GOLD, 5.0)


def _draw_spear(upper: Pen, pose: Pose) -> None:
    x, ground = 56.0, -pose.drop
    upper.line([(x, ground - 4), (x, -134)], (136, 88, 52), 6.0, outline=True)
    upper.polygon([(x, -172), (x + 10, -146), (x, -134), (x - 10, -146)], (206, 214, 226), width=3.0)
    upper.ellipse(x, -129, 8, 6, (212, 52, 56), width=2.4)


def _draw_fallen_hair(head: Pen, figure: Figure, hair: RGB) -> None:
    reach = -104.0 if figure.hair_length == "long" else -66.0
    flow = [(0, -46), (-40, -36), (reach * 0.75, -16), (reach, 22), (reach + 8, 40), (reach * 0.6, 34), (-30, 30)]
    head.curve(flow, darker(hair, 0.16))
