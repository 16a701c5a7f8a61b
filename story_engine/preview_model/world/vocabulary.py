"""What the preview model can read: the token ids that its text encoder has rows for, and a prompt's unknown words."""

from __future__ import annotations

import random
from functools import cache, lru_cache

from story_engine.catalog.tokenizer import encode_ids
from story_engine.preview_model import world
from story_engine.preview_model.world.captions import caption
from story_engine.preview_model.world.lexicon import phrases, unread

_SAMPLED_CAPTIONS = 30_000
"""Tokens join across words (在家中 is one), so phrases alone do not name them all: captions are sampled for the rest.

From 30 000 captions on, a further caption brings a new id in fewer than one of a thousand.
"""


@cache
def known_token_ids() -> list[int]:
    """Sorted ids of the Kolors vocabulary that captions use, prefix included; the same on every machine.

    Takes a few seconds the first time. The weights carry the list they were trained with.
    """
    ids: set[int] = set()
    for phrase in phrases():
        for spelling in (phrase, phrase.capitalize(), phrase.lower()):
            ids.update(encode_ids(spelling))
    rng = random.Random(20_240_811)
    for _ in range(_SAMPLED_CAPTIONS):
        ids.update(encode_ids(caption(any_scene(rng), rng)))
    return sorted(ids)


def unknown_words(text: str) -> list[str]:
    """The words of a prompt that the preview model does not know, as a person would name them, each once, in order."""
    return list(_unread(text))


@lru_cache(maxsize=1024)
def _unread(text: str) -> tuple[str, ...]:
    """A page asks for all its scenes at every click."""
    return tuple(unread(text))


def any_scene(rng: random.Random) -> world.DrawnScene:
    """A scene with every value drawn evenly, however odd the combination."""
    return world.DrawnScene(
        main=_any_figure(rng),
        companions=tuple(_any_figure(rng) for _ in range(rng.choice((0, 0, 0, 1, 2)))),
        place=rng.choice(world.PLACES),
        style=rng.choice(world.STYLES),
        shot=rng.choice(world.SHOTS),
        time=rng.choice(world.TIMES),
        prop=rng.choice(world.PROPS),
        prop_colour=rng.choice(world.COLOURS),
        degradation=rng.choice(world.DEGRADATIONS) if rng.random() < 0.2 else "none",
        seed=rng.randrange(2**31),
    )


def _any_figure(rng: random.Random) -> world.Figure:
    return world.Figure(
        subject=rng.choice(world.SUBJECTS),
        colour=rng.choice(world.COLOURS),
        hair_colour=rng.choice(world.HAIR_COLOURS),
        hair_length=rng.choice(world.HAIR_LENGTHS),
        outfit=rng.choice(world.OUTFITS),
        action=rng.choice(world.ACTIONS),
        mood=rng.choice(world.MOODS),
        view=rng.choice(world.VIEWS),
    )
