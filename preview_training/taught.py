"""What judges that teach read in latents: what a prompt asks for, who else is there, and how many are there."""

from __future__ import annotations

from preview_training.judges import labels
from story_engine.preview_model.world import SUBJECTS, DrawnScene
from story_engine.preview_model.world.expected import ATTRIBUTES, named_subjects, read_prompt
from story_engine.preview_model.world.lexicon import read
from story_engine.preview_model.world.words import PLURALS

NOBODY = "nobody"
FIGURES = ("one", "two", "three")
TAUGHT: dict[str, tuple[str, ...]] = ATTRIBUTES | {"company": (NOBODY, *SUBJECTS), "figures": FIGURES}
"""Contests ask for the first five only: their judges are another file, and were taught no company.

Figures are counted because whoever is wanted is seen best where there are two of them: without it, a model that pleases
these judges paints the one rabbit twice.
"""
NOT_SAID = -100
"""Instead of a value that the prompt says nothing of: cross entropy leaves it out."""
_SEVERAL = frozenset(word for words in PLURALS.values() for word in (*words.zh, *words.en))
"""Words for more than one of a kind."""


def labels_of(scene: DrawnScene) -> list[int]:
    """The scene's value of each attribute as an index, in the order of `TAUGHT`."""
    kinds = [figure.subject for figure in scene.companions]
    other = next((kind for kind in kinds if kind != scene.main.subject), None)
    company = TAUGHT["company"].index(other or next(iter(kinds), NOBODY))
    return [*labels(scene), company, min(len(kinds), len(FIGURES) - 1)]


def wanted_of(prompt: str) -> list[int]:
    """What the prompt says of each attribute, likewise; `NOT_SAID` where nothing."""
    said = read_prompt(prompt)
    wanted = [
        values.index(value) if (value := getattr(said, name)) is not None else NOT_SAID
        for name, values in ATTRIBUTES.items()
    ]
    named = named_subjects(prompt)
    kinds = dict.fromkeys(named)
    others = [kind for kind in kinds if kind != said.subject]
    names_several = any(reading.text.lower() in _SEVERAL for reading in read(prompt))
    if others:
        figures = NOT_SAID if names_several else min(len(kinds), len(FIGURES)) - 1
        return [*wanted, TAUGHT["company"].index(others[0]), figures]
    # One kind named twice is one figure spoken of again, or two: nobody knows.
    if names_several or len(named) != 1:
        return [*wanted, NOT_SAID, NOT_SAID]
    return [*wanted, TAUGHT["company"].index(NOBODY), 0]
