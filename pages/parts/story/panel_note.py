"""What is wrong with a panel's picture, in the author's own words: for remembering, never sent to a model."""

from __future__ import annotations

from pages.parts.shared import inputs
from pages.parts.shared.fields import Field
from pages.parts.shared.wording import say
from story_engine.domain.story import Scene


def draw(slug: str, scene: Scene) -> None:
    """The note of a scene, as one line to write in."""
    inputs.text_input(
        Field(slug, scene.id, "note"), scene.note, label=say("scene.note"), placeholder=say("scene.note_hint")
    )
