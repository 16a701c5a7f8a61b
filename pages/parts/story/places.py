"""What a text of a story is called on the page: which scene, which field."""

from __future__ import annotations

from pages.parts.shared.wording import plain, say
from story_engine.domain.story import Story
from story_engine.domain.story_text import Place


def place_name(story: Story, place: Place) -> str:
    """Such as "Scene 3 · What is to be seen"."""
    if place.scene is not None:
        ids = [scene.id for scene in story.scenes]
        number = ids.index(place.scene) + 1 if place.scene in ids else 0
        return f"{say('scene.number', n=number)} · {say(f'place.{place.field}')}"
    if place.field != "characters":
        return say(f"place.shared_{place.field}")
    names = {character.id: character.name for character in story.characters}
    outfit = f" · {plain(place.part[2])}" if len(place.part) > 2 else ""
    return f"{plain(names.get(place.part[0]) or place.part[0])}{outfit}"
