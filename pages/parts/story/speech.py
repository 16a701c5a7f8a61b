"""What is said in a scene: lines to type, one speech bubble of the comic page each."""

from __future__ import annotations

from dataclasses import dataclass

from pages.parts.shared import inputs
from pages.parts.shared.fields import Field
from pages.parts.shared.wording import say
from story_engine.domain.edit import Edit
from story_engine.domain.speech_text import speech_from, speech_lines
from story_engine.domain.story import Scene, Story


@dataclass(frozen=True, slots=True)
class SpeechLines(Field):
    """The speeches of a scene as the lines of one text."""

    def value_in(self, story: Story) -> object:
        """The lines."""
        return speech_lines(story.scene(self.scene or "").speech)

    def edits(self, value: object, seen: object) -> list[Edit]:
        """The speeches that the lines say, all at once."""
        return [
            Edit(scene=self.scene, field="speech", value=speech_from(str(value)), seen=speech_from(str(seen or "")))
        ]


def draw(slug: str, scene: Scene) -> None:
    """The lines of a scene."""
    inputs.text_area(
        SpeechLines(slug, scene.id, "speech"),
        speech_lines(scene.speech),
        label=say("scene.speech"),
        placeholder=say("scene.speech_hint"),
    )
