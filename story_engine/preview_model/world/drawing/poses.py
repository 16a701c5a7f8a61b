"""Where the arms and legs of an upright figure go in each action.

A standing figure is 200 units high: ground at 0, hips at -48, shoulders at -94, head around -146, right is forward.
"""

from __future__ import annotations

from dataclasses import dataclass

from story_engine.preview_model.world import Figure
from story_engine.preview_model.world.drawing.canvas import Point

Limb = tuple[Point, Point, Point]
"""Shoulder, elbow, hand; or hip, knee, foot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """Limbs of an upright figure; arms in the coordinates of the upper body, legs in those of the ground."""

    far_arm: Limb
    near_arm: Limb
    far_leg: Limb = ((-11, -48), (-12, -28), (-12, -6))
    near_leg: Limb = ((11, -48), (12, -28), (12, -6))
    drop: float = 0.0
    """How much lower the upper body is than when standing."""
    lean: float = 0.0
    """Degrees that the upper body leans to the right."""
    is_seated: bool = False
    hands_over_face: bool = False
    """The arms are drawn after the head."""


_SEATED_DROP = 24.0


def pose_of(figure: Figure) -> Pose:
    """The pose of the figure's action from its view; `lying` and `sleeping` are not upright and stand."""
    poses = _SIDE if figure.view == "side" else _FRONT
    return poses.get(figure.action, poses["standing"])


def _front(left_elbow: Point, left_hand: Point, right_elbow: Point, right_hand: Point, **rest: object) -> Pose:
    return Pose(
        far_arm=((-19, -91), left_elbow, left_hand),
        near_arm=((19, -91), right_elbow, right_hand),
        **rest,  # type: ignore[arg-type]
    )


def _side(far_elbow: Point, far_hand: Point, near_elbow: Point, near_hand: Point, **rest: object) -> Pose:
    legs = {"far_leg": ((4, -48), (6, -28), (7, -6)), "near_leg": ((-4, -48), (-5, -28), (-4, -6))}
    return Pose(
        far_arm=((8, -91), far_elbow, far_hand),
        near_arm=((-5, -90), near_elbow, near_hand),
        **{**legs, **rest},  # type: ignore[arg-type]
    )


_SEATED_LEGS: dict[str, object] = {
    "far_leg": ((-12, -22), (-20, -18), (-24, -7)),
    "near_leg": ((12, -22), (20, -18), (24, -7)),
    "drop": _SEATED_DROP,
    "is_seated": True,
}
_SEATED_LEGS_SIDE: dict[str, object] = {
    "far_leg": ((2, -20), (30, -33), (42, -6)),
    "near_leg": ((-4, -19), (24, -31), (33, -6)),
    "drop": _SEATED_DROP,
    "is_seated": True,
}
_FRONT = {
    "standing": _front((-31, -74), (-35, -56), (31, -74), (35, -56)),
    "sitting": _front((-31, -74), (-26, -55), (31, -74), (26, -55), **_SEATED_LEGS),
    "chasing": _front(
        (-38, -84),
        (-52, -104),
        (40, -86),
        (58, -102),
        lean=5,
        far_leg=((-11, -46), (-24, -34), (-40, -26)),
        near_leg=((11, -46), (22, -30), (22, -6)),
    ),
    "singing": _front((-40, -82), (-60, -96), (42, -82), (31, -101), hands_over_face=True),
    "wishing": _front((-31, -76), (-6, -84), (31, -76), (6, -84)),
    "holding_face": _front((-44, -86), (-40, -116), (44, -86), (40, -116), hands_over_face=True, **_SEATED_LEGS),
    "reading": _front((-36, -74), (-33, -72), (36, -74), (33, -72)),
}
_SIDE = {
    "standing": _side((12, -74), (14, -56), (-8, -72), (-4, -55)),
    "sitting": _side((20, -74), (32, -62), (4, -70), (24, -58), **_SEATED_LEGS_SIDE),
    "chasing": _side(
        (30, -92),
        (50, -100),
        (-18, -74),
        (-34, -84),
        lean=9,
        far_leg=((4, -46), (26, -36), (34, -12)),
        near_leg=((-4, -46), (-14, -26), (-40, -22)),
    ),
    "singing": _side((34, -84), (62, -88), (22, -76), (54, -99), hands_over_face=True),
    "wishing": _side((20, -76), (31, -90), (6, -72), (27, -86)),
    "holding_face": _side((34, -84), (26, -112), (16, -78), (18, -110), hands_over_face=True, **_SEATED_LEGS_SIDE),
    "reading": _side((24, -76), (40, -78), (8, -68), (34, -74)),
}
