"""Which family really paints a story on this machine."""

from __future__ import annotations

from pages.parts.shared.services import services
from story_engine.domain.family import Family
from story_engine.domain.story import Story


def family(story: Story) -> Family:
    """A stand-in where the story's own is not here, and one has been chosen."""
    return stand_in(story) or services().families()[story.settings.family]


def stand_in(story: Story) -> Family | None:
    """What paints in the place of the story's own family; None where that paints itself, or nothing does."""
    families = services().families()
    return None if families[story.settings.family].weights_hash else families.get(story.settings.stand_in or "")
