"""How the pictures are made: family, sampler, steps, guidance, size, noise, LoRAs. Blank is the default."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import inputs, lora_use, trouble
from pages.parts.shared.lora_use import Place
from pages.parts.shared.services import services
from pages.parts.shared.wording import family_title, labels, plain, say
from pages.parts.story import guidance, memory
from pages.parts.story.settings_field import NOISE, Setting
from story_engine import flows
from story_engine.domain.family import SAMPLER_TITLES, SIZE_MULTIPLE
from story_engine.domain.story import Story


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
        _draw_number(slug, "steps", settings.steps, step=1, blank=guidance.steps_hint(settings))
        _draw_number(slug, "cfg_scale", settings.cfg_scale, step=0.5)
        width, height = st.columns(2)
        for column, name, value in ((width, "width", settings.width), (height, "height", settings.height)):
            with column:
                _draw_number(slug, name, value, step=SIZE_MULTIPLE)
        guidance.draw(slug, settings)
    with loras:
        lora_use.draw(Place(slug), story)
    memory.draw(story)


def _draw_number(slug: str, name: str, on_disk: float | None, *, step: float, blank: str = "") -> None:
    setting, placeholder = Setting(slug, None, name), blank or say("settings.default")
    inputs.number_input(setting, on_disk, label=say(f"settings.{name}"), step=step, placeholder=placeholder)
    trouble.show_trouble(setting)
