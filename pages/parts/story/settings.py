"""How the pictures are made: family, sampler, steps, guidance, size, noise, LoRAs. Blank is the default."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from pages.parts.shared import fields, lora_use, notices
from pages.parts.shared.engine import engine
from pages.parts.shared.fields import Field
from pages.parts.shared.lora_use import Wearer
from pages.parts.shared.wording import family_title, labels, plain, say
from story_engine.domain.edit import Edit
from story_engine.domain.family import SAMPLER_TITLES, SIZE_MULTIPLE
from story_engine.domain.story import Story
from story_engine.errors import EditConflict

NOISE = ("cpu", "device")


@dataclass(frozen=True, slots=True)
class Setting(Field):
    """One number of the settings; blank is the default."""

    @property
    def key(self) -> str:
        """Of the widget."""
        return f"setting:{self.story}:{self.name}"

    @property
    def may_be_blank(self) -> bool:
        """Blank is the family's default."""
        return True

    def shown(self, value: object) -> str:
        """Blank says what it means."""
        return say("settings.default") if value is None else str(value)

    def write(self, value: object, seen: object) -> None:
        """Send the number to the engine, beside the other settings as they are.

        Raises:
            EditConflict: another tab wrote another number than the one `seen`.
        """
        present = engine().story(self.story).settings
        wanted, before = (present.model_copy(update={self.name: number}) for number in (value, seen))
        try:
            engine().edit(self.story, [Edit(scene=None, field="settings", value=wanted, seen=before)])
        except EditConflict as error:
            now = getattr(engine().story(self.story).settings, self.name)
            raise EditConflict(scene=None, field=self.name, mine=value, theirs=now) from error


def draw(slug: str, story: Story) -> None:
    """Three columns: model, picture, LoRAs."""
    settings = story.settings
    families = {family.name: family for family in engine().machine().families}
    wanted = families.get(settings.family)
    if wanted is not None and not wanted.ready and settings.stand_in is not None:
        st.caption(f":material/info: {say('settings.stand_in_note', family=plain(family_title(wanted.name)))}")
    model, picture, loras = st.columns(3, gap="medium")
    with model:
        titles = {name: family_title(name) for name in (*families, settings.family)}
        key = _in_step(slug, "family", settings.family)
        st.selectbox(
            say("settings.family"),
            list(titles),
            format_func=titles.__getitem__,
            key=key,
            on_change=_saver(slug, "family"),
        )
        key = _in_step(slug, "sampler", settings.sampler or "")
        samplers = {"": say("settings.default")} | SAMPLER_TITLES
        st.selectbox(
            say("settings.sampler"),
            list(samplers),
            format_func=samplers.__getitem__,
            key=key,
            on_change=_saver(slug, "sampler"),
        )
        key = _in_step(slug, "noise", settings.noise)
        st.selectbox(
            say("settings.noise"),
            NOISE,
            format_func=labels("settings.noise_", NOISE).__getitem__,
            key=key,
            on_change=_saver(slug, "noise"),
            help=say("settings.noise_hint"),
        )
    with picture:
        _draw_number(slug, "steps", settings.steps, step=1)
        _draw_number(slug, "cfg_scale", settings.cfg_scale, step=0.5)
        width, height = st.columns(2)
        for column, name, value in ((width, "width", settings.width), (height, "height", settings.height)):
            with column:
                _draw_number(slug, name, value, step=SIZE_MULTIPLE)
    with loras:
        lora_use.draw(Wearer(slug), story)


def _draw_number(slug: str, name: str, on_disk: float | None, *, step: float) -> None:
    setting = Setting(slug, None, name)
    fields.number_input(setting, on_disk, label=say(f"settings.{name}"), step=step, placeholder=say("settings.default"))
    fields.show_trouble(setting)


def _in_step(slug: str, name: str, on_disk: object) -> str:
    """The key of a setting's widget, after the widget was brought in step with the disk."""
    key = f"setting:{slug}:{name}"
    if key not in st.session_state or st.session_state[key] != on_disk:
        st.session_state[key] = on_disk
    return key


def _saver(slug: str, name: str) -> Callable[[], None]:
    return lambda: notices.attempt(_save, slug, name)


def _save(slug: str, name: str) -> None:
    value = st.session_state[f"setting:{slug}:{name}"]
    _write(slug, name, None if value == "" else value)


def _write(slug: str, name: str, value: object) -> None:
    seen = engine().story(slug).settings
    changed = seen.model_copy(update={name: value})
    engine().edit(slug, [Edit(scene=None, field="settings", value=changed, seen=seen)])
