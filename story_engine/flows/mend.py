"""A spot of a take is painted again: a take of its own, the same as before everywhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from story_engine.catalog.families import descriptions, inpainting_hash
from story_engine.domain.composing import join, separator_of
from story_engine.domain.recipe import MOST_STRENGTH, Mend
from story_engine.domain.views import Submitted
from story_engine.errors import FixInput
from story_engine.flows.services import Services
from story_engine.flows.vary import submit_tries, take_of
from story_engine.formats.painted_mask import read_mask
from story_engine.store.references import checked_mask

STRENGTH = 0.8
"""How little of what was in the spot is kept: enough for another colour (benchmarks/mend_spot.py)."""
INPAINTING_STRENGTH = MOST_STRENGTH
"""The same for a network for inpainting. Kolors' own example keeps a thousandth (Kolors, `inpainting/README.md`)."""
LONGEST_WORDS = 500


@dataclass(frozen=True, slots=True)
class Inpainting:
    """What a family has for inpainting."""

    state: Literal["ready", "missing", "none"]
    """Its files are here; they can be had; there is no such network."""
    package: str = ""
    """Name of the model that it is."""


def inpainting_of(services: Services, family: str) -> Inpainting:
    """Whether a network made for spots can paint in a family's pictures."""
    found, known = services.families().get(family), descriptions().get(family)
    if found is None or known is None or known.inpainting is None:
        return Inpainting("none")
    return Inpainting("ready" if found.inpainting else "missing", known.inpainting.name)


def mend(
    services: Services,
    slug: str,
    scene_id: str,
    take_id: str,
    *,
    mask: bytes,
    words: str,
    strength: float | None = None,
    takes: int = 1,
    inpainting: bool | None = None,
) -> Submitted:
    """Submit pictures in which one spot of a take is painted again, each with a seed of its own.

    Args:
        services: of the workspace.
        slug: of the story.
        scene_id: of the scene.
        take_id: what is mended; it stays.
        mask: a PNG of the picture's size, opaque (or white) where it is painted again.
        words: what is to be there; the story's style stands in front of them.
        strength: how little of what is there is kept, as of a variation; None: as usual for what paints.
        takes: how many tries.
        inpainting: whether the family's network for inpainting paints; None: where it is here.

    Raises:
        ChooseAnother: there is no such take, the model that painted it is not the one that is here, or it has no
            network for inpainting.
        InstallOrDownload: that network is not here.
        FixInput: no words, too many, or `strength` or `takes` is out of range; the mask is empty, everything, of
            another size or no mask.
    """
    take = take_of(services, slug, scene_id, take_id)
    if not words.strip():
        raise FixInput("references.mend_words")
    if len(words) > LONGEST_WORDS:
        raise FixInput("references.mend_words_long", length=len(words), limit=LONGEST_WORDS)
    recipe = take.recipe
    family = services.families().get(recipe.family)
    painted = checked_mask(read_mask(mask, (recipe.width, recipe.height)))
    story = services.stories.load(slug)
    scene = next((each for each in story.scenes if each.id == scene_id), None)
    written = story.scenes[0] if scene is None else scene
    spoken = written.model_copy(update={"prompt": words})
    reference = services.references.keep_file(services.takes.picture(take).read_bytes())
    if inpainting is None:
        inpainting = family is not None and bool(family.inpainting)
    network = inpainting_hash(family) if inpainting and family is not None else ""
    if strength is None:
        strength = INPAINTING_STRENGTH if network else STRENGTH
    spot = Mend(
        reference=reference,
        mask=services.references.keep(painted),
        prompt=join([story.style, words], separator_of(story, spoken)),
        strength=strength,
        side=0 if family is None else family.least_spot,
        inpainting=network,
    )
    mended = recipe.from_noise.model_copy(update={"mend": spot, "cast": (), "controls": ()})
    return submit_tries(services, take, mended, takes=takes)
