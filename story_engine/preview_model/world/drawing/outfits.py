"""Clothes of people: bodies, hems and sleeves in the figure's main colour.

The upper body's coordinates: neck at -101, waist at -66, ground at `ground` (0 standing, less when seated).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from story_engine.preview_model.world.drawing.canvas import RGB, Pen, Point, Points
from story_engine.preview_model.world.drawing.colours import darker, is_dark, lighter, mixed
from story_engine.preview_model.world.drawing.headgear import GOLD
from story_engine.preview_model.world.drawing.poses import Limb

WHITE: RGB = (252, 249, 243)
_DENIM: RGB = (74, 92, 140)
_STEEL: RGB = (150, 158, 178)
LONG_OUTFITS = frozenset({"gown", "robe", "dragon_robe", "maid_dress"})
"""Outfits that reach the ground and hide the legs."""
_WIDE_SLEEVES = frozenset({"robe", "dragon_robe", "maid_dress"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Clothes:
    """One outfit as worn in one pose."""

    outfit: str
    colour: RGB
    skin: RGB
    ground: float = 0.0
    is_seated: bool = False
    is_side: bool = False

    @property
    def trim(self) -> RGB:
        """A second colour that stands out from the first."""
        return lighter(self.colour, 0.62) if is_dark(self.colour) else darker(self.colour, 0.38)


def draw_outfit(pen: Pen, clothes: Clothes) -> None:
    """Body and skirt."""
    _BODIES[clothes.outfit](pen, clothes)


def draw_leg(pen: Pen, leg: Limb, clothes: Clothes) -> None:
    """One leg with its shoe, in the coordinates of the ground."""
    hip, knee, foot = leg
    if clothes.outfit not in LONG_OUTFITS:
        bare = {"casual": clothes.skin, "armour": (84, 84, 104)}.get(clothes.outfit, clothes.skin)
        pen.line([hip, knee, foot], bare, 13.0, outline=True)
        if clothes.outfit == "armour":
            pen.line([mid(knee, foot, 0.2), foot], _STEEL, 15.0, outline=True)
        elif clothes.outfit == "dress":
            pen.line([mid(knee, foot, 0.55), foot], WHITE, 13.0)
    draw_shoe(pen, foot, clothes)


def draw_shoe(pen: Pen, foot: Point, clothes: Clothes) -> None:
    """The shoe at the end of a leg; its sole when a seated figure shows it to us."""
    toe = 5.0 if clothes.is_side else (4.0 if foot[0] > 0 else -4.0)
    shoe = {"armour": darker(_STEEL), "casual": (226, 72, 66), "dress": (206, 62, 84)}.get(
        clothes.outfit, darker(clothes.colour, 0.5)
    )
    if clothes.is_seated and not clothes.is_side:
        pen.ellipse(foot[0], foot[1] - 1, 10, 11, shoe)
        pen.ellipse(foot[0], foot[1], 5, 6, lighter(shoe), outline=False)
    else:
        pen.ellipse(foot[0] + toe, foot[1] + 1, 12, 7.5, shoe)


def draw_arm(pen: Pen, arm: Limb, clothes: Clothes) -> None:
    """One arm with sleeve and hand, in the coordinates of the upper body."""
    shoulder, elbow, hand = arm
    if clothes.outfit in _WIDE_SLEEVES:
        cuff = mid(elbow, hand, 0.8)
        pen.ellipse(hand[0], hand[1], 7.5, 7.5, clothes.skin)
        colour = clothes.colour if clothes.outfit != "maid_dress" else mixed(clothes.colour, WHITE, 0.72)
        pen.polygon(_sleeve(shoulder, elbow, cuff, 8.0, 17.0), colour)
        edge = GOLD if clothes.outfit == "dragon_robe" else clothes.trim
        if clothes.outfit == "maid_dress":
            edge = clothes.colour
        across = _across(elbow, cuff)
        ends = [(cuff[0] + across[0] * reach, cuff[1] + across[1] * reach) for reach in (-14.0, 14.0)]
        pen.line(ends, edge, 5.0)
        return
    pen.line([shoulder, elbow, hand], clothes.skin, 11.0, outline=True)
    if clothes.outfit == "gown":
        pen.line([mid(shoulder, elbow, 0.7), elbow, hand], WHITE, 11.0)
        pen.ellipse(*shoulder, 10, 9, clothes.colour)
    elif clothes.outfit == "casual":
        pen.line([shoulder, mid(shoulder, elbow, 0.75)], clothes.colour, 16.0, outline=True)
    elif clothes.outfit == "armour":
        pen.line([mid(elbow, hand, -0.2), mid(elbow, hand, 0.7)], _STEEL, 13.0, outline=True)
        pen.ellipse(*shoulder, 13, 11, clothes.colour)
        pen.arc(shoulder[0], shoulder[1] + 2, 8, 6, 200, 340, GOLD, 3.4)
    pen.ellipse(hand[0], hand[1], 7.5, 7.5, clothes.skin)


def mid(start: Point, end: Point, share: float) -> Point:
    """The point at `share` of the way."""
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _across(start: Point, end: Point) -> Point:
    along = math.hypot(end[0] - start[0], end[1] - start[1]) or 1.0
    return -(end[1] - start[1]) / along, (end[0] - start[0]) / along


def _sleeve(shoulder: Point, elbow: Point, cuff: Point, narrow: float, wide: float) -> Points:
    top, bottom = _across(shoulder, elbow), _across(elbow, cuff)
    middle = (narrow + wide) / 2
    return [
        (shoulder[0] + top[0] * narrow, shoulder[1] + top[1] * narrow),
        (elbow[0] + top[0] * middle, elbow[1] + top[1] * middle),
        (cuff[0] + bottom[0] * wide, cuff[1] + bottom[1] * wide),
        (cuff[0] - bottom[0] * wide, cuff[1] - bottom[1] * wide),
        (elbow[0] - top[0] * middle, elbow[1] - top[1] * middle),
        (shoulder[0] - top[0] * narrow, shoulder[1] - top[1] * narrow),
    ]


def _bell(clothes: Clothes, top: float, top_half: float, hem: float, hem_half: float) -> list[Point]:
    """A skirt from `top` to `hem`, broader when seated."""
    if clothes.is_seated:
        hem = min(hem, clothes.ground - 5)
        hem_half = max(hem_half, 44.0) if not clothes.is_side else hem_half
    shift = 16.0 if clothes.is_seated and clothes.is_side else 0.0
    half = hem_half * (0.86 if clothes.is_side else 1.0)
    middle = (top + hem) / 2
    right = [(top_half, top), ((top_half + half) * 0.52 + shift, middle), (half + shift, hem)]
    left = [(-half + shift * 0.4, hem), (-(top_half + half) * 0.5, middle), (-top_half, top)]
    return [*right, (shift * 0.6, hem + 3), *left]


def _trunk(half: float, bottom: float, clothes: Clothes) -> Points:
    half *= 0.82 if clothes.is_side else 1.0
    return [(-half + 4, -101), (half - 4, -101), (half + 1, -94), (half, bottom), (-half, bottom), (-half - 1, -94)]


def _draw_dress(pen: Pen, clothes: Clothes) -> None:
    pen.polygon(_trunk(19, -70, clothes), clothes.skin)
    pen.polygon(_trunk_below(19, -90, -64, clothes), clothes.colour)
    for x in (-11, 11) if not clothes.is_side else (2,):
        pen.line([(x, -100), (x, -88)], clothes.colour, 5.0)
    hem = -30.0
    pen.polygon(_bell(clothes, -68, 16, hem, 40), clothes.colour)
    hem = min(hem, clothes.ground - 5) if clothes.is_seated else hem
    half = 36 if not clothes.is_side else 28
    pen.line([(-half, hem - 3), (half, hem - 3)], lighter(clothes.colour, 0.6), 5.0)
    pen.line([(-15, -68), (15, -68)], clothes.trim, 6.0)


def _trunk_below(half: float, top: float, bottom: float, clothes: Clothes) -> Points:
    half *= 0.82 if clothes.is_side else 1.0
    return [(-half, top), (half, top), (half - 2, bottom), (-half + 2, bottom)]


def _draw_gown(pen: Pen, clothes: Clothes) -> None:
    hem = clothes.ground - 2
    pen.polygon(_trunk(18, -70, clothes), clothes.skin)
    skirt = _bell(clothes, -70, 15, hem, 54)
    pen.polygon(skirt, clothes.colour)
    pale = lighter(clothes.colour, 0.5)
    if not clothes.is_side:
        pen.polygon([(-7, -66), (7, -66), (20, hem), (-20, hem)], pale, outline=False)
    pen.polygon(_trunk_below(18, -91, -66, clothes), clothes.colour)
    for step in range(-2, 3):
        pen.ellipse(step * (20 if not clothes.is_side else 16), hem - 5, 5, 5, GOLD, width=1.6)
    pen.line([(-15, -68), (15, -68)], GOLD, 5.5)
    pen.ellipse(0, -91, 5, 5, GOLD, width=2.0)


def _draw_casual(pen: Pen, clothes: Clothes) -> None:
    half = 20 * (0.82 if clothes.is_side else 1.0)
    bottom = -38.0
    shorts = [(-half, -60), (half, -60), (half + 3, bottom), (2, bottom), (0, -46), (-2, bottom), (-half - 3, bottom)]
    if not clothes.is_seated:
        pen.polygon(shorts, _DENIM)
    else:
        low = min(clothes.ground - 12, -38.0)
        pen.rounded_rectangle(-half - 3, -64, half + (12 if clothes.is_side else 3), low, 8, _DENIM)
    pen.polygon(_trunk(21, -54, clothes), clothes.colour)
    stripe = lighter(clothes.colour, 0.7) if not _is_pale(clothes.colour) else (120, 170, 220)
    wide = half - 1
    pen.line([(-wide + 3, -72), (wide - 3, -72)], stripe, 7.0)


def _is_pale(colour: RGB) -> bool:
    return min(colour) > 205


def _draw_robe(pen: Pen, clothes: Clothes) -> None:
    _draw_long_robe(pen, clothes, clothes.trim)
    pen.line([(0, -58), (-4, -34)], clothes.trim, 5.0)
    pen.line([(2, -58), (7, -36)], clothes.trim, 5.0)


def _draw_long_robe(pen: Pen, clothes: Clothes, trim: RGB) -> None:
    hem = clothes.ground - 3
    pen.polygon(_bell(clothes, -84, 20, hem, 40), clothes.colour)
    pen.polygon(_trunk(21, -64, clothes), clothes.colour)
    pen.polygon(_trunk_below(20, -95, -62, clothes), clothes.colour, outline=False)
    pen.line([(-13, -99), (6, -72)], trim, 6.5)
    pen.line([(13, -99), (-4, -74)], trim, 6.5)
    pen.polygon([(-6, -101), (6, -101), (0, -92)], WHITE, outline=False)
    half = 18 if not clothes.is_side else 15
    pen.line([(-half, -64), (half + 1, -64)], trim, 8.0)
    wide = 36 if not clothes.is_side else 30
    if clothes.is_seated and not clothes.is_side:
        wide = 40
    pen.line([(-wide + 2, hem - 2), (wide, hem - 2)], trim, 6.0)


def _draw_dragon_robe(pen: Pen, clothes: Clothes) -> None:
    trim = (196, 44, 44) if clothes.colour[1] > 90 or clothes.colour[0] < 150 else (44, 84, 160)
    _draw_long_robe(pen, clothes, trim)
    x = 4.0 if clothes.is_side else 0.0
    hem = clothes.ground - 3
    for step in range(-2, 2 if clothes.is_side else 3):
        pen.arc(x + step * 14, hem - 4, 7, 7, 180, 360, (52, 120, 190), 4.5)
    place = pen.placed(x, clothes.ground, scale=0.6 if clothes.is_seated else 1.0)
    _draw_woven_dragon(place, GOLD if min(clothes.colour[:2]) < 120 else trim)


def _draw_woven_dragon(pen: Pen, colour: RGB) -> None:
    """A dragon that winds from the hem to the chest."""
    body = [(-25, -15), (-8, -20), (14, -19), (21, -29), (8, -38), (-11, -42), (-15, -53), (-2, -60)]
    for claw in ([(2, -20), (0, -30)], [(19, -30), (28, -36)], [(-6, -41), (-12, -33)], [(-14, -52), (-24, -53)]):
        pen.line(claw, colour, 3.8)
    pen.line(body, WHITE, 11.0, is_smooth=True)
    pen.line(body, colour, 8.0, is_smooth=True)
    for x in (3, -3):
        pen.line([(x, -68), (x - 5, -76)], colour, 3.4)
    pen.ellipse(4, -63, 10.5, 9, colour, outline=WHITE, width=1.8)
    pen.ellipse(13, -59, 5.5, 4.5, colour, outline=False)
    pen.ellipse(6, -65, 3, 3, WHITE, outline=False)
    pen.ellipse(22, -70, 4.6, 4.6, (255, 244, 220), outline=colour, width=1.8)


def _draw_maid_dress(pen: Pen, clothes: Clothes) -> None:
    """The high skirt with ribbons of a palace maid."""
    pale = mixed(clothes.colour, WHITE, 0.72)
    hem = clothes.ground - 3
    pen.polygon(_trunk(20, -74, clothes), pale)
    pen.line([(-11, -99), (3, -84)], clothes.colour, 5.0)
    pen.line([(11, -99), (-3, -84)], clothes.colour, 5.0)
    pen.polygon(_bell(clothes, -84, 19, hem, 44), clothes.colour)
    half = 18 * (0.82 if clothes.is_side else 1.0)
    pen.line([(-half, -82), (half, -82)], WHITE, 8.0)
    for x in (-16, 16):
        pen.line([(x * 0.7, -72), (x * 1.5, hem - 6)], lighter(clothes.colour, 0.45), 4.0)
    pen.line([(0, -82), (-6, -46)], WHITE, 5.5)
    pen.line([(0, -82), (6, -50)], WHITE, 5.5)
    pen.ellipse(0, -82, 5.5, 5.5, (250, 120, 140), width=2.0)


def _draw_armour(pen: Pen, clothes: Clothes) -> None:
    half = 22 * (0.84 if clothes.is_side else 1.0)
    hem = min(-34.0, clothes.ground - 8) if clothes.is_seated else -34.0
    for left in (-half - 5, -half / 3 - 1, half / 3 - 3):
        pen.rounded_rectangle(left, -62, left + half * 0.8, hem, 4, darker(clothes.colour, 0.25), width=3.0)
    pen.polygon(_trunk(22, -58, clothes), clothes.colour)
    plate = [(-half + 6, -97), (half - 6, -97), (half - 5, -78), (0, -68), (-half + 5, -78)]
    pen.polygon(plate, mixed(clothes.colour, (225, 230, 240), 0.55), width=2.6)
    pen.ellipse(0, -84, 6.5, 6.5, GOLD, width=2.4)
    pen.line([(-half + 1, -61), (half - 1, -61)], GOLD, 7.0)


_BODIES = {
    "dress": _draw_dress,
    "gown": _draw_gown,
    "casual": _draw_casual,
    "robe": _draw_robe,
    "dragon_robe": _draw_dragon_robe,
    "maid_dress": _draw_maid_dress,
    "armour": _draw_armour,
}
