"""Cats, dogs, rabbits, pandas, foxes, horses, dragons: big heads on small bodies, on four legs or sitting up."""

from __future__ import annotations

import random
from dataclasses import dataclass

from story_engine.preview_model.world import Figure
from story_engine.preview_model.world.drawing.animal_heads import EAR_HEIGHT, Coat, coat_of, draw_animal_head
from story_engine.preview_model.world.drawing.animal_tails import draw_tail, draw_wing
from story_engine.preview_model.world.drawing.canvas import RGB, Pen, Point
from story_engine.preview_model.world.drawing.colours import colour_of, lighter
from story_engine.preview_model.world.drawing.curves import svg_points
from story_engine.preview_model.world.drawing.held import draw_hands_together, draw_held
from story_engine.preview_model.world.drawing.marks import draw_marks
from story_engine.preview_model.world.drawing.poses import Pose

_UPRIGHT = frozenset({"singing", "wishing", "holding_face", "reading"})


@dataclass(frozen=True, slots=True)
class _Stance:
    head: Point
    head_degrees: float = 0.0


_STANCES = {
    ("standing", "front"): _Stance((0, -136)),
    ("standing", "side"): _Stance((32, -122)),
    ("sitting", "front"): _Stance((0, -122)),
    ("sitting", "side"): _Stance((16, -122)),
    ("chasing", "front"): _Stance((36, -104)),
    ("chasing", "side"): _Stance((38, -104)),
    ("lying", "front"): _Stance((30, -64)),
    ("lying", "side"): _Stance((34, -66)),
    ("sleeping", "front"): _Stance((34, -49), 7),
    ("sleeping", "side"): _Stance((36, -48), 12),
}


_SHIFTS = {"chasing": 10.0, "lying": 13.0}
"""Bring the middle of long bodies, tail included, over the pen's origin."""


def animal_top(figure: Figure) -> float:
    """Units from the ground to the tips of the ears (or horns)."""
    return 46 - _stance(figure).head[1] + EAR_HEIGHT[figure.subject]


def animal_head(figure: Figure) -> Point:
    """The middle of the head."""
    x, y = _stance(figure).head
    return x + _SHIFTS.get(figure.action, 0.0), y


def animal_half_width(figure: Figure) -> float:
    """Reach to the farther side, without marks."""
    has_long_tail = figure.subject in ("fox", "dragon")
    if figure.action == "chasing":
        return 114.0 if has_long_tail else 106.0
    if figure.action == "lying":
        return 118.0 if has_long_tail else 102.0
    if figure.action == "sleeping":
        return 98.0
    return 92.0 if figure.view == "side" and figure.action == "standing" else 66.0


def draw_animal(pen: Pen, figure: Figure, rng: random.Random) -> None:
    """An animal whose feet stand at the pen's origin, `animal_top` units high."""
    coat = coat_of(figure, colour_of(figure.colour, rng))
    stance = _stance(figure)
    pen = pen.placed(_SHIFTS.get(figure.action, 0.0), 0)
    tilt = {"curious": 10.0, "longing": -6.0, "sad": 5.0}.get(figure.mood, 0.0)
    head = pen.placed(*stance.head, degrees=stance.head_degrees + tilt)
    action = "sitting" if figure.action in _UPRIGHT else figure.action
    _BODIES[action](pen, figure, coat)
    limb = coat.dark if figure.subject == "panda" else coat.main
    paw = _paw_of(figure, coat)
    if figure.action in ("wishing", "reading"):
        pose = _raise_arms(pen, figure, limb, paw)
        draw_held(pen, figure, pose, rng)
        draw_animal_head(head, figure, coat)
        if figure.action == "wishing":
            draw_hands_together(pen, pose, paw)
    elif figure.action in _UPRIGHT:
        draw_animal_head(head, figure, coat)
        pose = _raise_arms(pen, figure, limb, paw)
        draw_held(pen, figure, pose, rng)
    else:
        draw_animal_head(head, figure, coat)
    draw_marks(head, figure)


def _stance(figure: Figure) -> _Stance:
    action = "sitting" if figure.action in _UPRIGHT else figure.action
    return _STANCES[action, figure.view]


def _raise_arms(pen: Pen, figure: Figure, limb: RGB, paw: RGB) -> Pose:
    is_side = figure.view == "side"
    snout = 12 if figure.subject in ("dog", "fox", "horse", "dragon") else 0
    hands: dict[str, tuple[Point, Point]] = {
        "singing": ((-54, -70), (31, -76)) if not is_side else ((58 + snout, -56), (66 + snout, -72)),
        "wishing": ((-6, -60), (6, -60)) if not is_side else ((36, -62), (32, -60)),
        "holding_face": ((-38, -92), (38, -92)) if not is_side else ((46, -90), (38, -88)),
        "reading": ((-32, -52), (32, -52)) if not is_side else ((44, -58), (36, -54)),
    }
    far, near = hands[figure.action]
    shoulders: tuple[Point, Point] = ((-26, -66), (26, -66)) if not is_side else ((22, -66), (8, -62))
    arms = []
    for shoulder, hand in zip(shoulders, (far, near), strict=True):
        outward = 12 if hand[0] > 0 else -12
        elbow = ((shoulder[0] + hand[0]) / 2 + (outward if not is_side else 2), (shoulder[1] + hand[1]) / 2 + 8)
        pen.line([shoulder, elbow, hand], limb, 15.0, outline=True)
        pen.ellipse(hand[0], hand[1], 9.5, 9, paw)
        arms.append((shoulder, elbow, hand))
    return Pose(far_arm=arms[0], near_arm=arms[1])


def _leg(pen: Pen, figure: Figure, coat: Coat, points: list[Point], thickness: float = 17.0) -> None:
    colour = coat.dark if figure.subject == "panda" else coat.main
    pen.line(points, colour, thickness, outline=True)
    foot = points[-1]
    paw = _paw_of(figure, coat)
    pen.ellipse(foot[0] + 2, foot[1] + 1, thickness * 0.58, 7.5, paw, width=3.0)


def _paw_of(figure: Figure, coat: Coat) -> RGB:
    paws: dict[str, RGB] = {"horse": (70, 54, 54), "fox": (74, 54, 56), "panda": lighter(coat.dark, 0.12)}
    return paws.get(figure.subject, coat.light)


def _tail_height(figure: Figure, y: float) -> float:
    """A horse's tail hangs down and must not reach into the ground."""
    return y - 32 if figure.subject == "horse" else y


def _trunk(
    pen: Pen, figure: Figure, coat: Coat, x: float, y: float, wide: float, tall: float, degrees: float = 0
) -> None:
    """A lying or standing body seen from the side, with its belly, stripes or patches."""
    pen.ellipse(x, y, wide, tall, coat.main, degrees=degrees)
    body = pen.placed(x, y, degrees=degrees)
    if figure.subject == "panda":
        body.curve(
            [
                (wide * 0.28, -tall * 0.94),
                (wide * 0.62, -tall * 0.76),
                (wide * 0.62, tall * 0.74),
                (wide * 0.28, tall * 0.92),
                (wide * 0.12, 0),
            ],
            coat.dark,
            outline=False,
        )
    elif figure.subject == "cat":
        for along in (-0.5, -0.2, 0.1):
            body.line([(wide * along, -tall * 0.86), (wide * (along - 0.03), -tall * 0.3)], coat.dark, 6.0)
    elif figure.subject == "dragon":
        body.curve(
            [
                (-wide * 0.6, tall * 0.5),
                (wide * 0.7, tall * 0.4),
                (wide * 0.4, tall * 0.88),
                (-wide * 0.3, tall * 0.92),
            ],
            coat.light,
            outline=False,
        )
        for along in (-0.4, -0.05, 0.3):
            body.arc(wide * along, -tall * 0.1, 7, 6, 0, 180, coat.dark, 3.4)
    else:
        body.ellipse(wide * 0.08, tall * 0.6, wide * 0.6, tall * 0.32, coat.light, outline=False)


def _draw_standing(pen: Pen, figure: Figure, coat: Coat) -> None:
    if figure.view == "front":
        draw_tail(pen.placed(26, -66, facing=-1), figure, coat)
        draw_wing(pen.placed(-26, -88), figure, coat)
        draw_wing(pen.placed(26, -88, facing=-1), figure, coat)
        for x in (-25, 25):
            _leg(pen, figure, coat, [(x, -44), (x, -12)], 15)
        pen.ellipse(0, -72, 37, 35, coat.main)
        _front_markings(pen, figure, coat, -76)
        for x in (-15, 15):
            _leg(pen, figure, coat, [(x, -54), (x, -6)], 16)
        return
    draw_tail(pen.placed(-58, -70), figure, coat)
    for x in (-34, 22):
        _leg(pen, figure, coat, [(x, -50), (x + 2, -10)], 16)
    _trunk(pen, figure, coat, -12, -60, 54, 31)
    draw_wing(pen.placed(-12, -78), figure, coat)
    for x in (-50, 6):
        _leg(pen, figure, coat, [(x, -50), (x, -7)], 17)


def _front_markings(pen: Pen, figure: Figure, coat: Coat, y: float) -> None:
    if figure.subject == "panda":
        pen.curve(
            [(-35, y - 12), (-24, y - 30), (24, y - 30), (35, y - 12), (20, y - 2), (-20, y - 2)],
            coat.dark,
            outline=False,
        )
    elif figure.subject == "dragon":
        pen.ellipse(0, y + 6, 22, 31, coat.light, outline=False)
        for step in range(3):
            pen.line([(-16, y - 6 + step * 12), (16, y - 6 + step * 12)], coat.dark, 2.6)
    else:
        pen.ellipse(0, y + 2, 21, 28, coat.light, outline=False)
    if figure.subject == "cat":
        for side in (-1, 1):
            for low in (-6, 8):
                pen.line([(side * 34, y + low), (side * 23, y + low + 3)], coat.dark, 5.5)


def _draw_sitting(pen: Pen, figure: Figure, coat: Coat) -> None:
    if figure.view == "front":
        draw_tail(pen.placed(28, _tail_height(figure, -24), facing=-1), figure, coat)
        draw_wing(pen.placed(-24, -72), figure, coat)
        draw_wing(pen.placed(24, -72, facing=-1), figure, coat)
        pen.curve(
            svg_points("0,-92 26,-80 38,-44 42,-14 26,-2 -26,-2 -42,-14 -38,-44 -26,-80"),
            coat.main,
        )
        _front_markings(pen, figure, coat, -48)
        for side in (-1, 1):
            foot = coat.dark if figure.subject == "panda" else coat.main
            pen.ellipse(side * 33, -12, 17, 13, foot if figure.subject != "horse" else coat.dark)
        if figure.action not in _UPRIGHT:
            for x in (-12, 12):
                _leg(pen, figure, coat, [(x, -50), (x, -7)], 15)
        return
    draw_tail(pen.placed(-44, _tail_height(figure, -18)), figure, coat)
    pen.curve(svg_points("16,-92 28,-62 24,-6 -36,-3 -54,-18 -48,-46 -24,-78 -2,-96"), coat.main)
    if figure.subject == "panda":
        pen.curve([(14, -90), (28, -62), (24, -46), (-8, -58), (-30, -72), (-4, -94)], coat.dark, outline=False)
    elif figure.subject == "cat":
        for x, y in ((-28, -68), (-40, -52)):
            pen.line([(x, y), (x + 12, y + 8)], coat.dark, 6.0)
    draw_wing(pen.placed(-18, -70), figure, coat)
    if figure.action not in _UPRIGHT:
        _leg(pen, figure, coat, [(16, -56), (20, -7)], 16)
    pen.ellipse(-24, -22, 24, 19, coat.main if figure.subject != "panda" else coat.dark)
    pen.ellipse(-8, -7, 17, 8, coat.light if figure.subject not in ("panda", "horse") else coat.dark)


def _draw_chasing(pen: Pen, figure: Figure, coat: Coat) -> None:
    for y, reach in ((-92, 20), (-60, 30), (-30, 16)):
        pen.line([(-100 - reach, y), (-104 + reach * 0.1, y)], (150, 168, 190), 4.5)
    draw_tail(pen.placed(-62, -72, degrees=-34), figure, coat)
    _leg(pen, figure, coat, [(-46, -56), (-62, -34), (-58, -10)], 16)
    _leg(pen, figure, coat, [(26, -52), (52, -40), (76, -40)], 15)
    _trunk(pen, figure, coat, -14, -64, 56, 27, -7)
    draw_wing(pen.placed(-14, -82), figure, coat)
    _leg(pen, figure, coat, [(-52, -52), (-76, -36), (-92, -18)], 17)
    _leg(pen, figure, coat, [(14, -48), (38, -30), (58, -14)], 16)


def _draw_lying(pen: Pen, figure: Figure, coat: Coat) -> None:
    draw_tail(pen.placed(-72, _tail_height(figure, -20), degrees=-18), figure, coat)
    _trunk(pen, figure, coat, -22, -36, 62, 34)
    draw_wing(pen.placed(-22, -58), figure, coat)
    pen.ellipse(-52, -20, 22, 17, coat.main if figure.subject != "panda" else coat.dark)
    _leg(pen, figure, coat, [(-52, -9), (-34, -8)], 13)
    _leg(pen, figure, coat, [(24, -16), (66, -9)], 15)
    _leg(pen, figure, coat, [(4, -10), (44, -7)], 15)


def _draw_sleeping(pen: Pen, figure: Figure, coat: Coat) -> None:
    _trunk(pen, figure, coat, -18, -38, 64, 37)
    draw_wing(pen.placed(-20, -58), figure, coat)
    pen.ellipse(-48, -20, 24, 18, coat.main if figure.subject != "panda" else coat.dark)
    if figure.subject in ("rabbit", "panda"):
        draw_tail(pen.placed(-74, -22), figure, coat)
    else:
        _draw_wrapped_tail(pen, figure, coat)
    _leg(pen, figure, coat, [(0, -8), (26, -6)], 14)


def _draw_wrapped_tail(pen: Pen, figure: Figure, coat: Coat) -> None:
    colour, tip = coat.main, coat.dark
    if figure.subject == "fox":
        tip = (255, 252, 246)
    elif figure.subject == "horse":
        colour = coat.dark
    wide = 20.0 if figure.subject in ("fox", "horse") else 13.0
    pen.line(
        [(-78, -30), (-76, -14), (-52, -9 - wide * 0.1), (-16, -5 - wide * 0.2)],
        colour,
        wide,
        is_smooth=True,
        outline=True,
    )
    pen.line([(-28, -6 - wide * 0.2), (-16, -5 - wide * 0.2)], tip, wide)


_BODIES = {
    "standing": _draw_standing,
    "sitting": _draw_sitting,
    "chasing": _draw_chasing,
    "lying": _draw_lying,
    "sleeping": _draw_sleeping,
}
