"""Eight lines or a table, pasted into a story in which nothing has been written yet: its scenes."""

from __future__ import annotations

from dataclasses import dataclass

from story_engine.domain.imported_story import Note
from story_engine.domain.story import MOST_SCENES, Scene, Story
from story_engine.errors import ChooseAnother
from story_engine.flows import story_import
from story_engine.flows.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What has become of pasted text."""

    story: Story
    scenes: int
    """That the text made."""
    before: int
    """The story's revision without them."""
    notes: tuple[Note, ...]
    """What a person should know: what was passed over, and how much of it."""


def fill(services: Services, slug: str, text: str) -> Filled:
    """Write the text into the story's blank scenes, one after the other, and into as many more as it takes.

    Settings that stand in the text stay where they are: the story's own hold.

    Raises:
        ChooseAnother: something is written in the story already, or there is no such story.
        FixInput: nothing can be made of the text.
    """
    story = services.stories.load(slug)
    if not story.is_blank:
        raise ChooseAnother("story.not_blank", title=story.title or slug)
    proposal = story_import.inspect(services, [], text, each_line=True)
    found = proposal.story.scenes
    while len(story.scenes) < min(len(found), MOST_SCENES):
        story = services.stories.add_scene(slug)
    filled = story.model_copy(update={"scenes": tuple(_written(story.scenes, found))})
    before = story.revision
    saved = services.stories.save(slug, filled, base_revision=before)
    return Filled(story=saved, scenes=len(found), before=before, notes=proposal.notes)


def _written(blank: tuple[Scene, ...], found: tuple[Scene, ...]) -> list[Scene]:
    written = [new.model_copy(update={"id": old.id}) for old, new in zip(blank, found, strict=False)]
    return [*written, *blank[len(written) :]]
