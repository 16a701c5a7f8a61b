"""How the pictures are made: family, sampler, steps, guidance, size, noise, LoRAs. Blank is the default."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.parts.shared import inputs, lora_use, trouble
from pages.parts.shared.fields import Field
from pages.parts.shared.lora_use import Place
from pages.parts.shared.services import services
from pages.parts.shared.wording import family_title, labels, plain, say
from story_engine import flows
from story_engine.domain.edit import Edit
from story_engine.domain.family import SAMPLER_TITLES, SIZE_MULTIPLE
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


def draw(slug: str, story: Story) -> None:
    """Three columns: model, picture, LoRAs."""
    settings = story.settings
    families = {family.name: family for family in flows.machine.inspect(services()).families}
    wanted = families.get(settings.family)
    if wanted is not None and not wanted.ready and settings.stand_in is not None:
        st.caption(f":material/info: {say('settings.stand_in_note', family=plain(family_title(wanted.name)))}")
    model, picture, loras = st.columns(3, gap="medium")
    with model:
        titles = {name: family_title(name) for name in (*families, settings.family)}
        inputs.choice(Setting(slug, None, "family"), settings.family, label=say("settings.family"), options=titles)
        inputs.choice(
            Setting(slug, None, "sampler"),
            settings.sampler or "",
            label=say("settings.sampler"),
            options={"": say("settings.default")} | SAMPLER_TITLES,
        )
        inputs.choice(
            Setting(slug, None, "noise"),
            settings.noise,
            label=say("settings.noise"),
            options=labels("settings.noise_", NOISE),
            explained=say("settings.noise_hint"),
        )
    with picture:
        _draw_number(slug, "steps", settings.steps, step=1)
        _draw_number(slug, "cfg_scale", settings.cfg_scale, step=0.5)
        width, height = st.columns(2)
        for column, name, value in ((width, "width", settings.width), (height, "height", settings.height)):
            with column:
                _draw_number(slug, name, value, step=SIZE_MULTIPLE)
    with loras:
        lora_use.draw(Place(slug), story)


def _draw_number(slug: str, name: str, on_disk: float | None, *, step: float) -> None:
    setting = Setting(slug, None, name)
    inputs.number_input(setting, on_disk, label=say(f"settings.{name}"), step=step, placeholder=say("settings.default"))
    trouble.show_trouble(setting)
