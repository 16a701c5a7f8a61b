"""What judges that teach read in latents: what a prompt asks for, and who else is there beside the one named first."""

from __future__ import annotations

from preview_training.judges import labels
from story_engine.preview_model.world import SUBJECTS, DrawnScene
from story_engine.preview_model.world.expected import ATTRIBUTES, named_subjects, read_prompt

NOBODY = "nobody"
TAUGHT: dict[str, tuple[str, ...]] = ATTRIBUTES | {"company": (NOBODY, *SUBJECTS)}
"""Contests ask for the first five only: their judges are another file, and were taught no company."""
NOT_SAID = -100
"""Instead of a value that the prompt says nothing of: cross entropy leaves it out."""


def labels_of(scene: DrawnScene) -> list[int]:
    """The scene's value of each attribute as an index, in the order of `TAUGHT`."""
    kinds = [figure.subject for figure in scene.companions]
    other = next((kind for kind in kinds if kind != scene.main.subject), None)
    return [*labels(scene), TAUGHT["company"].index(other or next(iter(kinds), NOBODY))]


def wanted_of(prompt: str) -> list[int]:
    """What the prompt says of each attribute, likewise; `NOT_SAID` where nothing."""
    said = read_prompt(prompt)
    wanted = [
        values.index(value) if (value := getattr(said, name)) is not None else NOT_SAID
        for name, values in ATTRIBUTES.items()
    ]
    named = named_subjects(prompt)
    others = [kind for kind in named if kind != said.subject]
    if others:
        return [*wanted, TAUGHT["company"].index(others[0])]
    # One kind named twice is one figure spoken of again, or two: nobody knows.
    return [*wanted, TAUGHT["company"].index(NOBODY) if len(named) == 1 else NOT_SAID]
