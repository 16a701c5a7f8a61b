"""A story's earlier states: what was changed at each, and what going back would change."""

from __future__ import annotations

from dataclasses import dataclass

from story_engine.domain.story_changes import StoryChange, story_changes
from story_engine.flows.services import Services

MOST_LISTED = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One state of a story, with what was changed to come to it."""

    number: int
    saved_at: float
    changes: tuple[StoryChange, ...]
    """None for the state as it was created."""
    is_present: bool


def steps(services: Services, slug: str, *, most: int = MOST_LISTED) -> tuple[Step, ...]:
    """The last states, the present one first; damaged ones are left out."""
    revisions = services.stories.history(slug)
    found: list[Step] = []
    for place, revision in enumerate(revisions[:most]):
        is_first = place + 1 == len(revisions)
        story = services.stories.load_at(slug, revision.number)
        before = story if is_first else services.stories.load_at(slug, revisions[place + 1].number)
        found.append(
            Step(
                number=revision.number,
                saved_at=revision.saved_at,
                changes=story_changes(before, story),
                is_present=place == 0,
            )
        )
    return tuple(found)


def going_back(services: Services, slug: str, revision: int) -> tuple[StoryChange, ...]:
    """What would change if the state of `revision` were brought back now.

    Raises:
        ChooseAnother: no such revision, or a damaged one.
    """
    return story_changes(services.stories.load(slug), services.stories.load_at(slug, revision))
