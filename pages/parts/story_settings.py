"""How the pictures are made: family, sampler, steps, guidance, size, noise, LoRAs. Blank is the default."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from pages.parts import fields, notices
from pages.parts.desk import engine
from pages.parts.fields import Field
from pages.parts.wording import family_title, labels, plain, say
from story_engine.domain.edit import Edit
from story_engine.domain.family import SAMPLER_TITLES, SIZE_MULTIPLE
from story_engine.domain.story import LoraUse, Story
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
        _draw_loras(slug, story)


def _draw_number(slug: str, name: str, on_disk: float | None, *, step: float) -> None:
    setting = Setting(slug, None, name)
    fields.number_input(setting, on_disk, label=say(f"settings.{name}"), step=step, placeholder=say("settings.default"))
    fields.show_trouble(setting)


def _draw_loras(slug: str, story: Story) -> None:
    names = list(dict.fromkeys((*engine().loras(), *(use.name for use in story.loras))))
    if not names:
        st.caption(say("settings.no_loras"))
        return
    key = f"loras:{slug}"
    used = [use.name for use in story.loras]
    if st.session_state.get(key) != used:
        st.session_state[key] = used
    st.multiselect(
        say("settings.loras"),
        names,
        key=key,
        placeholder=say("settings.loras_hint"),
        on_change=lambda: notices.attempt(_save_loras, slug, st.session_state[key]),
    )
    for use in story.loras:
        strength = f"strength:{slug}:{use.name}"
        if st.session_state.get(strength) != use.strength:
            st.session_state[strength] = use.strength
        st.slider(
            say("settings.strength", name=use.name),
            min_value=min(-1.0, use.strength),
            max_value=max(2.0, use.strength),
            step=0.05,
            key=strength,
            help=say("settings.strength_hint"),
            on_change=notices.attempt,
            args=(_save_strength, slug, use.name, strength),
        )


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


def _save_loras(slug: str, names: list[str]) -> None:
    seen = engine().story(slug).loras
    strengths = {use.name: use for use in seen}
    value = tuple(strengths.get(name, LoraUse(name=name)) for name in names)
    engine().edit(slug, [Edit(scene=None, field="loras", value=value, seen=seen)])


def _save_strength(slug: str, name: str, key: str) -> None:
    seen = engine().story(slug).loras
    strength = float(st.session_state[key])
    value = tuple(use.model_copy(update={"strength": strength}) if use.name == name else use for use in seen)
    engine().edit(slug, [Edit(scene=None, field="loras", value=value, seen=seen)])
