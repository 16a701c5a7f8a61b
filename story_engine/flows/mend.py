"""A spot of a take is painted again: a take of its own, the same as before everywhere else."""

from __future__ import annotations

from story_engine.domain.composing import join, separator_of
from story_engine.domain.recipe import Mend
from story_engine.domain.views import Submitted
from story_engine.errors import FixInput
from story_engine.flows.services import Services
from story_engine.flows.vary import submit_tries, take_of
from story_engine.formats.painted_mask import read_mask
from story_engine.store.references import checked_mask

STRENGTH = 0.8
"""How little of what was in the spot is kept: enough for another colour (benchmarks/mend_spot.py)."""
LONGEST_WORDS = 500


def mend(
    services: Services,
    slug: str,
    scene_id: str,
    take_id: str,
    *,
    mask: bytes,
    words: str,
    strength: float = STRENGTH,
    takes: int = 1,
) -> Submitted:
    """Submit pictures in which one spot of a take is painted again, each with a seed of its own.

    Args:
        services: of the workspace.
        slug: of the story.
        scene_id: of the scene.
        take_id: what is mended; it stays.
        mask: a PNG of the picture's size, opaque (or white) where it is painted again.
        words: what is to be there; the story's style stands in front of them.
        strength: how little of what is there is kept, as of a variation.
        takes: how many tries.

    Raises:
        ChooseAnother: there is no such take, or the model that painted it is not the one that is here.
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
    spot = Mend(
        reference=reference,
        mask=services.references.keep(painted),
        prompt=join([story.style, words], separator_of(story, spoken)),
        strength=strength,
        side=0 if family is None else family.least_spot,
    )
    mended = recipe.from_noise.model_copy(update={"mend": spot, "cast": (), "controls": ()})
    return submit_tries(services, take, mended, takes=takes)
