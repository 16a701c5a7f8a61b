"""Choose the model that paints while a story's own is not on this machine."""

from __future__ import annotations

from story_engine.domain.edit import Edit
from story_engine.domain.guidance import CONSTANT
from story_engine.flows.services import Services


def choose(services: Services, slug: str, family: str | None, *, seen: str | None) -> None:
    """Write the choice into the story; None takes it back.

    A story of before there was a choice of guidance says nothing of it, and its stand-in paints as it did. Where that
    has painted nothing yet, there is nothing to keep to: the story then says of its own model what it meant, and the
    stand-in is guided as it usually is.
    """
    edits = [Edit(scene=None, field="settings", part=("stand_in",), value=family, seen=seen)]
    guidance = services.stories.load(slug).settings.guidance
    if family is not None and guidance is None and not _has_painted(services, slug, family):
        edits.append(Edit(scene=None, field="settings", part=("guidance",), value=CONSTANT, seen=guidance))
    services.stories.edit(slug, edits)


def _has_painted(services: Services, slug: str, family: str) -> bool:
    return any(take.recipe.family == family for takes in services.takes.takes(slug).values() for take in takes)
