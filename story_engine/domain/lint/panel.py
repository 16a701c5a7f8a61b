"""A scene as a model reads it: which texts of the story make up its prompt, and in which order."""

from __future__ import annotations

from dataclasses import dataclass

from story_engine.domain.braces import Reference, references
from story_engine.domain.story import Scene, Story
from story_engine.domain.story_text import Place, StoryText


@dataclass(frozen=True, slots=True)
class Panel:
    """One scene and the texts that its prompt consists of."""

    scene: Scene
    own: StoryText
    """The scene's prompt."""
    blocks: tuple[StoryText, ...]
    """Words of the characters and outfits that it shows."""
    cast: tuple[str, ...]
    """Ids of those characters."""
    named: tuple[Reference, ...]
    """Where the prompt names them."""

    def texts(self, style: StoryText) -> tuple[StoryText, ...]:
        """All of them, the shared style first."""
        return (style, *self.blocks, self.own)


def style_of(story: Story) -> StoryText:
    """The shared style as a text."""
    return StoryText(place=Place(field="style"), words=story.style)


def panels(story: Story) -> tuple[Panel, ...]:
    """The scenes that say anything."""
    return tuple(_panel(story, scene) for scene in story.scenes if scene.prompt.strip() or scene.characters)


def _panel(story: Story, scene: Scene) -> Panel:
    known = {character.id: character for character in story.characters}
    named = references(scene.prompt, story.characters)
    cast = tuple(
        dict.fromkeys(
            [
                *(each.character for each in named),
                *(each.character for each in scene.characters if each.character in known),
            ]
        )
    )
    outfits = {each.character: each.outfit for each in scene.characters}
    blocks = []
    for name in cast:
        way, character = ("characters", name), known[name]
        blocks.append(StoryText(place=Place(field=way[0], part=(name, "description")), words=character.description))
        outfit = outfits.get(name)
        if outfit in character.outfits and outfit is not None:
            words = character.outfits[outfit]
            blocks.append(StoryText(place=Place(field=way[0], part=(name, "outfits", outfit)), words=words))
    own = StoryText(place=Place(scene=scene.id, field="prompt"), words=scene.prompt)
    return Panel(scene, own, tuple(blocks), cast, named)
