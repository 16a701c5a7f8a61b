"""Which drawings the preview model learns from: even over the closed world, richer around the shipped stories."""

from __future__ import annotations

import random
from dataclasses import replace

from story_engine.preview_model.world import (
    COLOURS,
    DEGRADATIONS,
    HAIR_COLOURS,
    HAIR_LENGTHS,
    MOODS,
    PEOPLE,
    PLACES,
    PROPS,
    STYLES,
    SUBJECTS,
    DrawnScene,
    Figure,
)
from story_engine.preview_model.world.drawing.shipped import shipped_scenes

STORY_SHARE = 0.4
"""Share of the samples that vary one of the sixteen shipped scenes."""
DEGRADED_SHARE = 0.15
COMPANY_SHARE = 0.32
"""Of the free samples that are no close-ups: about a fifth of all samples, stories included."""
PROP_SHARE = 0.3
_OWN_STYLE_SHARE = 0.4
"""Share of the story samples that keep the story's own style."""

_SHOT_WEIGHTS = {"full": 0.31, "upper": 0.23, "close": 0.23, "long": 0.23}
# The stories ask for anime, ink and modern more often; the free samples make up for it, so that styles come out even.
_FREE_STYLE_WEIGHTS = {
    "anime": 0.078,
    "ink": 0.128,
    "modern": 0.161,
    "crayon": 0.211,
    "papercut": 0.211,
    "pixel": 0.211,
}
# Repeated values are likelier.
_COAT_COLOURS = {
    "cat": ("orange", "orange", "orange", "black", "white", "grey", "brown", "yellow"),
    "dog": ("brown", "brown", "yellow", "white", "black", "grey", "orange"),
    "rabbit": ("white", "white", "grey", "brown", "pink", "black"),
    "panda": ("white",),
    "fox": ("orange", "orange", "orange", "red", "white", "grey"),
    "horse": ("brown", "brown", "white", "black", "grey", "red"),
    "dragon": ("green", "green", "red", "blue", "purple", "yellow", "black"),
    "robot": ("grey", "grey", "blue", "red", "white", "yellow", "green", "orange", "purple", "pink"),
    "girl": ("pink", "pink", "pink", "red", "yellow", "green", "blue", "purple", "white", "black", "orange"),
    "boy": ("blue", "blue", "green", "red", "yellow", "white", "black", "grey", "orange", "brown", "purple"),
    "emperor": ("yellow", "yellow", "yellow", "yellow", "red"),
    "maid": ("pink", "pink", "green", "blue", "white", "purple"),
    "prince": ("blue", "white", "red", "purple", "green", "black"),
    "warrior": ("red", "grey", "black", "blue", "brown", "green"),
}
_OUTFITS = {
    "girl": ("dress", "dress", "dress", "gown", "casual", "robe"),
    "boy": ("casual", "casual", "casual", "robe"),
    "emperor": ("dragon_robe",),
    "maid": ("maid_dress",),
    "prince": ("robe",),
    "warrior": ("armour",),
}
_PEOPLE_ACTIONS = (
    "standing",
    "standing",
    "standing",
    "sitting",
    "sitting",
    "chasing",
    "lying",
    "sleeping",
    "singing",
    "wishing",
    "holding_face",
    "reading",
)
_ANIMAL_ACTIONS = (
    "standing",
    "standing",
    "standing",
    "sitting",
    "sitting",
    "chasing",
    "chasing",
    "lying",
    "sleeping",
    "singing",
    "reading",
)
_CLOSE_ACTIONS = ("standing", "standing", "standing", "singing", "sleeping", "wishing", "holding_face")
"""What can be told from a face alone."""
_TIMES = ("day", "day", "dusk", "night")
_NIGHT_PLACES = frozenset({"starry_sky", "stage", "audience", "dark_corner"})
_STORY_DETAILS = ("mood", "colour", "hair", "view", "action")


def sample_scene(rng: random.Random) -> DrawnScene:
    """Draw one scene to learn from; the sequence depends on `rng` alone."""
    scene = _story_scene(rng) if rng.random() < STORY_SHARE else _free_scene(rng)
    degradation = rng.choice(DEGRADATIONS[1:]) if rng.random() < DEGRADED_SHARE else "none"
    return replace(scene, degradation=degradation, seed=rng.randrange(2**31))


def sample_figure(rng: random.Random, subject: str, shot: str = "full") -> Figure:
    """One figure of `subject` with colours, clothes and doings that suit it."""
    is_person = subject in PEOPLE
    actions = _PEOPLE_ACTIONS if is_person else _ANIMAL_ACTIONS
    action = rng.choice(_CLOSE_ACTIONS if shot == "close" else actions)
    if not is_person and action in ("wishing", "holding_face"):
        action = "standing"
    # One free colour in twelve keeps colour words apart from subject words.
    free_colour = subject not in ("panda", "emperor") and rng.random() < 1 / 12
    return Figure(
        subject=subject,
        colour=rng.choice(COLOURS) if free_colour else rng.choice(_COAT_COLOURS[subject]),
        hair_colour=_hair_colour(rng, subject),
        hair_length=rng.choice(HAIR_LENGTHS if subject in ("girl", "maid") else ("short", "short", "medium", "long")),
        outfit=rng.choice(_OUTFITS[subject]) if is_person else "casual",
        action=action,
        mood=rng.choice(MOODS),
        view="side" if action == "chasing" or rng.random() < 0.25 else "front",
    )


def _free_scene(rng: random.Random) -> DrawnScene:
    shot = _weighted(rng, _SHOT_WEIGHTS)
    place = rng.choice(PLACES)
    main = sample_figure(rng, rng.choice(SUBJECTS), shot)
    has_prop = rng.random() < PROP_SHARE
    prop = rng.choice(PROPS[1:]) if has_prop else "none"
    if main.action == "reading":
        prop = "book"
    elif main.action == "singing" and rng.random() < 0.5:
        prop = "microphone"
    return DrawnScene(
        main=main,
        companions=_companions(rng) if shot != "close" and rng.random() < COMPANY_SHARE else (),
        place=place,
        style=_weighted(rng, _FREE_STYLE_WEIGHTS),
        shot=shot,
        time="night" if place in _NIGHT_PLACES and rng.random() < 0.5 else rng.choice(_TIMES),
        prop=prop,
        prop_colour=rng.choice(COLOURS),
    )


def _story_scene(rng: random.Random) -> DrawnScene:
    """One of the shipped scenes with its shot, style and a detail or two changed."""
    scene = rng.choice(_SHIPPED)
    shot = scene.shot if rng.random() < 0.3 else _weighted(rng, _SHOT_WEIGHTS)
    main, details = scene.main, set(rng.sample(_STORY_DETAILS, rng.choice((0, 0, 1, 2))))
    other = sample_figure(rng, main.subject, shot)
    if "mood" in details:
        main = replace(main, mood=other.mood)
    if "colour" in details:
        main = replace(main, colour=other.colour)
    if "hair" in details:
        main = replace(main, hair_colour=other.hair_colour, hair_length=other.hair_length)
    if "view" in details and main.action != "chasing":
        main = replace(main, view=other.view)
    if "action" in details:
        main = replace(main, action=other.action, view=other.view)
    if main.subject == "girl" and scene.place in ("audience", "practice_room") and rng.random() < 0.3:
        main = replace(main, hair_length=rng.choice(HAIR_LENGTHS))
    keeps_company = shot != "close" and rng.random() < 0.85
    return replace(
        scene,
        main=main,
        companions=scene.companions if keeps_company else (),
        shot=shot,
        style=scene.style if rng.random() < _OWN_STYLE_SHARE else rng.choice(STYLES),
        time=scene.time if rng.random() < 0.7 else rng.choice(_TIMES),
        prop=scene.prop if rng.random() < 0.85 else "none",
        prop_colour="red" if rng.random() < 0.7 else rng.choice(COLOURS),
    )


def _companions(rng: random.Random) -> tuple[Figure, ...]:
    """Anyone, mostly one: whoever is seen beside others rarely is painted as half of them."""
    figures = []
    for _ in range(1 if rng.random() < 0.85 else 2):
        figure = sample_figure(rng, rng.choice(SUBJECTS))
        figures.append(replace(figure, action=rng.choice(("standing", "standing", "sitting"))))
    return tuple(figures)


def _hair_colour(rng: random.Random, subject: str) -> str:
    if subject == "emperor":
        return "black"
    if subject == "maid":
        return rng.choice(("black", "black", "brown"))
    if subject == "girl" and rng.random() < 0.35:
        return "purple"
    if subject == "girl":
        return rng.choice(HAIR_COLOURS)
    return rng.choice(("black", "black", "brown", "brown", "blond", "red", "blue", "white", "purple"))


def _weighted(rng: random.Random, weights: dict[str, float]) -> str:
    return rng.choices(tuple(weights), tuple(weights.values()))[0]


_SHIPPED = shipped_scenes()
