"""Drawings with a planted wrong dress, hair or face, and whether what was painted there instead is right."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from PIL import Image, ImageFilter
from torch.nn import functional

from story_engine.preview_model import world
from story_engine.preview_model.world import lexicon
from story_engine.preview_model.world.drawing import draw
from story_engine.preview_model.world.drawing.compose import draw_with_mask, head_of
from story_engine.preview_model.world.drawing.sampling import sample_figure

KINDS = ("dress", "hair", "face")
SEED = 27_182
"""Not that of the drawings on which the cut was tuned."""
SIDE = 256
_PEOPLE = ("girl", "boy", "maid", "prince")
_SHOTS = {"dress": ("full", "upper"), "hair": ("upper", "close"), "face": ("upper", "close")}
_LEAST_SHARE, _MOST_SHARE = 0.01, 0.35
"""Of the picture that a spot may take up: what a person would mend, and not paint anew."""
_BRUSH = 9
"""Pixels by which the mask goes beyond what is wrong."""
_FACE = (-0.8, -0.25, 0.8, 0.9)
"""Left, top, right and bottom of eyes and mouth, of the head's radius from its middle."""
_A_FACE = 0.45
"""Least likeness: of 12 other people's drawn faces 11 had more, of 24 wiped ones and pieces of clothes none."""
_MIXED = SIDE // 32
"""Pixels from the mask's edge inward in which what is new comes in (`inference/spots.py`)."""
_CHIN = 0.8
"""Radii of the head below its middle."""
_LYING = ("lying", "sleeping")
_EYES_SHUT = ("sleeping", "wishing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One drawing with a planted fault."""

    kind: str
    prompt: str
    """What is to be there, as a person types it, behind the style."""
    scene_prompt: str
    faulty: Image.Image
    mask: Image.Image
    rivals: dict[str, Image.Image]
    """Value → the scene drawn with it; of a face its moods, and "wiped"."""
    wanted: str
    seed: int


def cases(count: int) -> Iterator[Case]:
    """The same ones at every call; kinds and languages in turn."""
    rng, found = random.Random(SEED), 0
    while found < count:
        case = _case(rng, KINDS[found % len(KINDS)], ("zh", "en")[found // len(KINDS) % 2])
        if case is not None:
            found += 1
            yield case


def _case(rng: random.Random, kind: str, language: str) -> Case | None:
    subject, shot = rng.choice(_PEOPLE), rng.choice(_SHOTS[kind])
    figure = replace(sample_figure(rng, subject, shot), view="front")
    if kind == "face" and figure.action in _EYES_SHUT:
        return None  # no mood is to be seen then, and words for one would be wrong
    if kind == "dress":
        action = "standing" if figure.action in _LYING else figure.action  # there the head hides most of a dress
        figure = replace(figure, outfit="dress" if subject == "girl" else "casual", action=action)
    scene = world.DrawnScene(
        main=figure,
        place=rng.choice(world.PLACES),
        style=rng.choice(world.STYLES),
        shot=shot,
        seed=rng.randrange(2**31),
    )
    name = {"dress": "colour", "hair": "hair_colour"}.get(kind)
    values: tuple[str, ...] = ()
    if name is None:
        rivals = _faces(scene)
        wanted, wrong = figure.mood, "wiped"
    else:
        values = world.COLOURS if name == "colour" else world.HAIR_COLOURS
        wanted = str(getattr(figure, name))
        wrong = rng.choice([value for value in values if value != wanted])
        rivals = {value: draw(_with(scene, name, value), SIDE) for value in (wanted, wrong)}
    mask = _mask(rivals[wanted], rivals[wrong], _figures(scene, below_head=kind == "dress"))
    if kind == "face":
        mask.paste(255, mask.getbbox())
    share = float((np.asarray(mask) > 0).mean())
    if not _LEAST_SHARE <= share <= _MOST_SHARE:
        return None
    if name is not None:
        rivals |= {value: draw(_with(scene, name, value), SIDE) for value in values if value not in rivals}
    style = getattr(lexicon.STYLES[scene.style], language)[0]
    words = _words(kind, figure, language)
    joint = "，" if language == "zh" else ", "
    return Case(
        kind=kind,
        prompt=f"{style}{joint}{words}",
        scene_prompt=style,
        faulty=rivals[wrong],
        mask=mask,
        rivals=rivals,
        wanted=wanted,
        seed=rng.randrange(2**32),
    )


def _with(scene: world.DrawnScene, name: str, value: str) -> world.DrawnScene:
    return replace(scene, main=replace(scene.main, **{name: value}))


def _words(kind: str, figure: world.Figure, language: str) -> str:
    def said(table: str, value: str) -> str:
        return str(getattr(getattr(lexicon, table)[value], language)[0])

    who = said("SUBJECTS", figure.subject)
    if kind == "dress":
        colour, clothes = said("COLOURS", figure.colour), said("OUTFITS", figure.outfit)
        return f"穿着{colour}{clothes}的{who}" if language == "zh" else f"a {who} in a {colour} {clothes}"
    hair = said("HAIR_COLOURS", figure.hair_colour)
    if kind == "hair":
        return f"{hair}头发的{who}" if language == "zh" else f"a {who} with {hair} hair"
    face = said("MOODS", figure.mood)
    return f"{hair}头发的{who}，{face}" if language == "zh" else f"a {face} {who} with {hair} hair"


def _faces(scene: world.DrawnScene) -> dict[str, Image.Image]:
    """The scene with every face, by mood, and one whose face is wiped away."""
    drawn = {mood: draw(replace(scene, main=replace(scene.main, mood=mood)), SIDE) for mood in world.MOODS}
    right, (x, y, radius) = drawn[scene.main.mood], head_of(scene)
    left, top, right_side, bottom = (
        round(place + part * radius) for place, part in zip((x, y, x, y), _FACE, strict=True)
    )
    box = max(0, left), max(0, top), min(SIDE, right_side), min(SIDE, bottom)
    wiped = right.copy()
    wiped.paste(right.filter(ImageFilter.GaussianBlur(14)).crop(box), box[:2])
    return drawn | {"wiped": wiped}


def _differing(first: Image.Image, second: Image.Image) -> np.ndarray:
    apart = np.abs(np.asarray(first).astype(int) - np.asarray(second).astype(int)).max(axis=2)
    return np.asarray(apart > 24)


def _mask(right: Image.Image, wrong: Image.Image, figures: np.ndarray) -> Image.Image:
    """Where the figures differ: behind some there is light of another colour too, which nobody would paint over."""
    where = Image.fromarray(((_differing(right, wrong) & figures) * 255).astype(np.uint8))
    return where.filter(ImageFilter.MaxFilter(_BRUSH))


def _figures(scene: world.DrawnScene, *, below_head: bool) -> np.ndarray:
    """(side, side): where figures are to be seen; below the head no bow, which takes another colour with a dress."""
    seen = np.asarray(draw_with_mask(scene)[1]) > 127
    if below_head:
        _, y, radius = head_of(scene)
        seen[: max(0, round(y + _CHIN * radius))] = False
    return seen


def is_right(case: Case, painted: Image.Image) -> bool:
    """Whether the asked value's drawing is the nearest where its drawings differ."""
    if case.kind == "face":
        return likeness(case, painted) > _A_FACE
    values = np.asarray(painted).astype(float)
    drawn = {name: np.asarray(picture).astype(float) for name, picture in case.rivals.items()}
    where = np.asarray(case.mask) > 0
    where &= np.ptp(np.stack([each.mean(axis=2) for each in drawn.values()]), axis=0) > 8
    # By mean colour, since a dress that hangs a little otherwise is still the dress that was asked for.
    apart = {name: float(np.linalg.norm((values - each)[where].mean(axis=0))) for name, each in drawn.items()}
    return min(apart, key=apart.__getitem__) == case.wanted


def likeness(case: Case, painted: Image.Image) -> float:
    """How much of a drawn face is to be found in the spot, a little moved or smaller: up to 1, of no face below 0.45.

    Correlation of what is finer than a cheek; what is fainter than the drawn face counts less.
    """
    seen, best = _features(painted, case.mask)[None, None], 0.0
    for mood in world.MOODS:
        drawn = _features(case.rivals[mood], case.mask)[1:-1, 2:-2][None, None]
        for scale in (0.75, 0.87, 1.0):
            size = [round(side * scale) for side in drawn.shape[2:]]
            sought = functional.interpolate(drawn, size, mode="area")
            strength = sought.norm()
            there = functional.conv2d(seen**2, torch.ones_like(sought)).sqrt().clamp_min(0.7 * float(strength))
            best = max(best, float((functional.conv2d(seen, sought / strength) / there).max()))
    return best


def _features(picture: Image.Image, mask: Image.Image) -> torch.Tensor:
    """(height/4, width/4) of the mask's box."""
    fine, coarse = (
        np.asarray(picture.convert("L").filter(ImageFilter.GaussianBlur(radius)), dtype=np.float32) for radius in (3, 9)
    )
    bounds = mask.getbbox()
    assert bounds is not None
    left, top, right, bottom = bounds
    found = functional.avg_pool2d(torch.from_numpy(fine - coarse)[None, None], 4)[0, 0]
    return found[top // 4 : -(-bottom // 4), left // 4 : -(-right // 4)]


def gradients(case: Case, painted: Image.Image) -> tuple[float, float, float]:
    """Mean step between neighbours where old and new are mixed: mended, before, and in the drawing that is right.

    Not over the very edge of the mask: the weight of what is new is 0 there, so its step never changes.
    """
    mask = np.asarray(case.mask) > 0
    inner = np.asarray(case.mask.filter(ImageFilter.MinFilter(2 * _MIXED + 1))) > 0
    ring = mask & ~inner

    def over(picture: Image.Image) -> float:
        values = np.asarray(picture).astype(float)
        beside = np.abs(np.diff(values, axis=1)).mean(axis=2)[ring[:, 1:] | ring[:, :-1]]
        below = np.abs(np.diff(values, axis=0)).mean(axis=2)[ring[1:] | ring[:-1]]
        return float(np.concatenate([beside, below]).mean())

    return over(painted), over(case.faulty), over(case.rivals[case.wanted])
