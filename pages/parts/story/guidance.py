"""Guidance by noise level: on or off in one line, its levels folded away."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.parts.shared import inputs, trouble
from pages.parts.shared.services import services
from pages.parts.shared.wording import family_title, labels, say
from pages.parts.story.settings_field import Setting
from story_engine.domain.edit import Edit
from story_engine.domain.guidance import BOUNDS, BY_NOISE, CONSTANT, USUAL
from story_engine.domain.resolve import is_by_noise, usual_steps
from story_engine.domain.story import Settings, Story

_STEP = 0.1


@dataclass(frozen=True, slots=True)
class GuidanceChoice(Setting):
    """Usual, by noise level or constant; a story that says nothing is as one that says constant."""

    def shown(self, value: object) -> str:
        """On, off, or the model's default."""
        return labels("settings.guidance_", (BY_NOISE, CONSTANT)).get(str(value), say("settings.default"))

    def value_in(self, story: Story) -> object:
        """Never blank."""
        return story.settings.guidance or CONSTANT

    def edits(self, value: object, seen: object) -> list[Edit]:
        """What was seen as constant may be blank in the file."""
        story = services().stories.load(self.story)
        before = story.settings.guidance if self.value_in(story) == seen else seen
        return [Edit(scene=None, field="settings", part=(self.name,), value=value, seen=before)]


def draw(slug: str, settings: Settings) -> None:
    """The choice; its levels where it is on, blank being the model's own."""
    family = services().families()[settings.family]
    if family.by_noise is None:
        return
    states = {True: say("settings.guidance_by_noise"), False: say("settings.guidance_constant")}
    if family.by_noise.is_usual:
        more = say("settings.guidance_measured", steps=family.by_noise.steps, usual=family.steps)
    else:
        more = say("settings.guidance_unmeasured", family=family_title(family.name))
    usual = settings.model_copy(update={"guidance": USUAL})
    inputs.choice(
        GuidanceChoice(slug, None, "guidance"),
        settings.guidance or CONSTANT,
        label=say("settings.guidance"),
        options={
            USUAL: say("settings.guidance_usual", state=states[is_by_noise(usual, family)]),
            BY_NOISE: states[True],
            CONSTANT: states[False],
        },
        explained=say("settings.guidance_hint", more=more),
    )
    if not is_by_noise(settings, family):
        return
    key = f"guidance-{slug}"
    with st.expander(say("settings.guidance_levels"), type="compact", key=key, on_change="rerun") as folded:
        if not folded.open:
            return
        st.caption(say("settings.guidance_levels_hint"))
        for column, name in zip(st.columns(len(BOUNDS)), BOUNDS, strict=True):
            with column:
                own = getattr(family.by_noise.levels, name)
                setting = Setting(slug, None, name)
                inputs.number_input(
                    setting,
                    getattr(settings, name),
                    label=say(f"settings.{name}"),
                    step=_STEP,
                    placeholder=f"{own:g}",
                )
                trouble.show_trouble(setting)


def steps_hint(settings: Settings) -> str:
    """How many steps a blank field means."""
    return say("settings.default_steps", steps=usual_steps(settings, services().families()[settings.family]))
