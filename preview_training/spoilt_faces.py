"""Drawn faces, whole and spoilt: what judges of faces learn from, those that teach and the one that measures.

Eyes (both, from the front) or a mouth that are wiped away, smeared, shuffled, bent or painted over are spoilt.
"""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from story_engine.preview_model import world
from story_engine.preview_model.world.drawing import draw
from story_engine.preview_model.world.drawing.compose import head_of
from story_engine.preview_model.world.drawing.sampling import sample_figure, sample_scene

Box = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels."""
NEAR_SHOTS = ("upper", "close")
"""In which a face is large enough to be seen."""
PARTS = {"eyes": (-0.3, 0.42), "mouth": (0.42, 1.05)}
"""Top and bottom, in radii of the head below its middle (`drawing/faces.py`)."""
SPOILT, WHOLE = "spoilt", "whole"
FACE = dict.fromkeys(PARTS, (SPOILT, WHOLE))
"""What judges of faces are asked, and their answers."""
_SIDE = 256
_PARTS_OF_ROBOTS = {"eyes": (-0.38, 0.2), "mouth": (0.2, 0.72)}
_HALF_WIDTH = {"front": 0.85, "side": 1.3}
_SPOILT_SHARE = 0.35
_LEAST_BOX = 12
_EVERY_WAY = ("wiped", "smeared", "shuffled", "painted over", "bent")
_WAYS = {"front": (*_EVERY_WAY, "half"), "side": _EVERY_WAY}
"""From the side there is one eye, and half of the box may hold nothing."""


def drawn_face(rng: random.Random) -> tuple[Image.Image, dict[str, bool]]:
    """A drawing of somebody near, with each part of the face spoilt in a third of them; and which parts are whole."""
    scene = sample_scene(rng)
    shot = rng.choice(NEAR_SHOTS)
    main = sample_figure(rng, rng.choice(world.SUBJECTS), shot)
    companions = scene.companions if shot == "upper" else ()
    scene = replace(scene, main=main, companions=companions, shot=shot, degradation="none")
    picture, is_whole = draw(scene), dict.fromkeys(PARTS, True)
    x, y, radius = head_of(scene)
    reach = _HALF_WIDTH[main.view] * radius
    for part, (top, bottom) in (_PARTS_OF_ROBOTS if main.subject == "robot" else PARTS).items():
        box = _inside(x - reach, y + top * radius, x + reach, y + bottom * radius)
        if box is not None and rng.random() < _SPOILT_SHARE:
            picture = spoil(picture, box, rng.choice(_WAYS[main.view]), rng)
            is_whole[part] = False
    # Something beside the face is spoilt as often: that is no news of the face.
    left, above = rng.uniform(0, _SIDE - 60), rng.choice((y - 1.6 * radius, y + 1.2 * radius))
    beside = _inside(left, above, left + rng.uniform(40, 100), above + rng.uniform(0.4, 0.7) * radius)
    if beside is not None and rng.random() < _SPOILT_SHARE:
        picture = spoil(picture, beside, rng.choice(_EVERY_WAY), rng)
    return picture, is_whole


def spoil(picture: Image.Image, box: Box, how: str, rng: random.Random) -> Image.Image:
    """The picture with what is in the box, or half of it, wiped away, or all smeared, shuffled, painted over or bent.

    The box has soft and round edges, so that they cannot be what a judge learns.
    """
    left, top, right, bottom = box
    if how == "half":
        middle = (left + right) // 2
        box = (left, top, middle, bottom) if rng.random() < 0.5 else (middle, top, right, bottom)
        how = "wiped"
    piece = picture.crop(box)
    if how == "wiped":
        piece = picture.filter(ImageFilter.GaussianBlur(rng.uniform(9, 16))).crop(box)
    elif how == "smeared":
        piece = piece.resize((3, 3), Image.Resampling.BOX).resize(piece.size, Image.Resampling.BICUBIC)
    elif how == "shuffled":
        piece = _shuffled(piece, rng)
    elif how == "bent":
        piece = _bent(piece, rng)
    else:
        colour = tuple(int(each) for each in np.median(np.asarray(piece).reshape(-1, 3), axis=0))
        piece = Image.new("RGB", piece.size, colour)
    mask = Image.new("L", piece.size)
    edge = min(piece.size) // 10
    corners = (edge, edge, piece.width - 1 - edge, piece.height - 1 - edge)
    ImageDraw.Draw(mask).rounded_rectangle(corners, radius=min(piece.size) // 3, fill=255)
    spoilt = picture.copy()
    spoilt.paste(piece, box[:2], mask.filter(ImageFilter.GaussianBlur(edge / 2)))
    return spoilt


def _inside(left: float, top: float, right: float, bottom: float) -> Box | None:
    """What of it lies in the picture, if that is enough to be seen."""
    box = max(0, round(left)), max(0, round(top)), min(_SIDE, round(right)), min(_SIDE, round(bottom))
    return box if box[2] - box[0] >= _LEAST_BOX and box[3] - box[1] >= _LEAST_BOX else None


def _shuffled(piece: Image.Image, rng: random.Random) -> Image.Image:
    columns, rows = 4, 3
    width, height = max(1, piece.width // columns), max(1, piece.height // rows)
    places = [(column * width, row * height) for column in range(columns) for row in range(rows)]
    result = piece.copy()
    for (left, top), to in zip(places, rng.sample(places, len(places)), strict=True):
        result.paste(piece.crop((left, top, left + width, top + height)), to)
    return result


def _bent(piece: Image.Image, rng: random.Random) -> Image.Image:
    """As through bad glass: moved to and fro by up to a fifth of its height."""
    height, width = piece.height, piece.width
    reach = rng.uniform(0.12, 0.2) * height
    chance = np.random.default_rng(rng.randrange(2**32))
    moves = [
        np.asarray(Image.fromarray(chance.uniform(-reach, reach, (4, 6)).astype(np.float32)).resize(piece.size))
        for _ in range(2)
    ]
    down, right = np.indices((height, width))
    rows = (down + moves[0]).round().astype(int).clip(0, height - 1)
    columns = (right + moves[1]).round().astype(int).clip(0, width - 1)
    return Image.fromarray(np.asarray(piece)[rows, columns])
