"""One setting of a story as a field of the drawer. Blank is the model family's default."""

from __future__ import annotations

from dataclasses import dataclass

from pages.parts.shared.fields import Field
from pages.parts.shared.wording import family_title, labels, say
from story_engine.domain.edit import Edit
from story_engine.domain.family import SAMPLER_TITLES
from story_engine.domain.story import Story

NOISE = ("cpu", "device")


@dataclass(frozen=True, slots=True)
class Setting(Field):
    """One of the settings; blank is the default."""

    @property
    def key(self) -> str:
        """Of the widget."""
        return f"setting:{self.story}:{self.name}"

    @property
    def may_be_blank(self) -> bool:
        """Blank is the family's default."""
        return True

    def shown(self, value: object) -> str:
        """Blank says what it means, a choice has its title."""
        if value is None or value == "":
            return say("settings.default")
        if self.name == "family":
            return family_title(str(value))
        if self.name == "noise":
            return labels("settings.noise_", NOISE).get(str(value), str(value))
        return SAMPLER_TITLES.get(str(value), str(value)) if self.name == "sampler" else str(value)

    def value_in(self, story: Story) -> object:
        """A sampler that is not chosen is the first choice of its list."""
        value = getattr(story.settings, self.name)
        return "" if value is None and self.name == "sampler" else value

    def edits(self, value: object, seen: object) -> list[Edit]:
        """One setting; the others stay as they are by then."""
        wanted, before = (None if each == "" else each for each in (value, seen))
        return [Edit(scene=None, field="settings", part=(self.name,), value=wanted, seen=before)]
