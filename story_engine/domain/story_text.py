"""Every text of a story that a person wrote, with the way to it: what a search or an examination goes through."""

from __future__ import annotations

from collections.abc import Iterator

from story_engine.domain.edit import Edit
from story_engine.domain.merge import merge
from story_engine.domain.story import Story
from story_engine.domain.story_data import story_data
from story_engine.domain.validation import story_from
from story_engine.domain.value import Value


class Place(Value):
    """One text of a story, or some characters of it."""

    scene: str | None = None
    """None: the story's own."""
    field: str
    part: tuple[str, ...] = ()
    """Leads further into the field, as an edit's part does."""
    start: int = 0
    end: int | None = None
    """First character behind it; None for the whole text."""

    def edit(self, words: str, new: str) -> Edit:
        """The edit by which the whole text `words` becomes `new`."""
        return Edit(scene=self.scene, field=self.field, part=self.part, value=new, seen=words)

    def at(self, start: int, end: int) -> Place:
        """The same text, these characters of it."""
        return self.model_copy(update={"start": start, "end": end})


class StoryText(Value):
    """One text with the way to it."""

    place: Place
    words: str

    @property
    def is_negative(self) -> bool:
        """Whether it names what shall not be painted."""
        return self.place.field == "negative"


def painted_texts(story: Story) -> Iterator[StoryText]:
    """What a model is sent: shared words, the words of characters and outfits, prompts and negatives of the scenes."""
    yield StoryText(place=Place(field="style"), words=story.style)
    yield StoryText(place=Place(field="negative"), words=story.negative)
    for character in story.characters:
        way = ("characters", character.id)
        yield StoryText(place=Place(field=way[0], part=(way[1], "description")), words=character.description)
        for outfit, words in character.outfits.items():
            yield StoryText(place=Place(field=way[0], part=(way[1], "outfits", outfit)), words=words)
    for scene in story.scenes:
        yield StoryText(place=Place(scene=scene.id, field="prompt"), words=scene.prompt)
        yield StoryText(place=Place(scene=scene.id, field="negative"), words=scene.negative)


def after(story: Story, edits: tuple[Edit, ...]) -> Story:
    """The story as these edits leave it.

    Raises:
        EditConflict: a text is not as it was seen.
        InvalidInput: a value cannot be accepted.
    """
    return story_from(merge(story_data(story), edits), file=story.title)
