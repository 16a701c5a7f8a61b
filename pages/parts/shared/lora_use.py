"""Which LoRAs a story or one of its scenes wears, and how strongly: chosen from the library, saved at once."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.parts.shared import fields, notices
from pages.parts.shared.engine import engine
from pages.parts.shared.wording import family_title, plain, say
from story_engine.domain.edit import Edit
from story_engine.domain.lora import LoraEntry
from story_engine.domain.resolve import join, separator_of
from story_engine.domain.story import LoraUse, Story
from story_engine.domain.validation import MOST_LORAS
from story_engine.errors import ChooseAnother

WEAKEST, STRONGEST, STEP = 0.0, 2.0, 0.05
"""Of the slider; a story file may say less or more, and the slider then reaches as far."""


@dataclass(frozen=True, slots=True)
class Wearer:
    """A story, or one of its scenes."""

    slug: str
    scene: str | None = None

    @property
    def key(self) -> str:
        """For its widgets."""
        return self.slug if self.scene is None else f"{self.slug}:{self.scene}"

    def wears(self, story: Story) -> tuple[LoraUse, ...] | None:
        """Its own LoRAs; None for a scene that wears the story's."""
        return story.loras if self.scene is None else story.scene(self.scene).loras

    def wear(self, loras: tuple[LoraUse, ...] | None) -> None:
        """Save other LoRAs."""
        seen = self.wears(engine().story(self.slug))
        engine().edit(self.slug, [Edit(scene=self.scene, field="loras", value=loras, seen=seen)])


def draw(wearer: Wearer, story: Story) -> None:
    """The choice, and for each chosen LoRA its strength and its trigger word."""
    worn = wearer.wears(story) or ()
    library = {entry.name: entry for entry in engine().lora_library.entries()}
    names = list(dict.fromkeys((*library, *(use.name for use in worn))))
    if not names:
        st.caption(say("settings.no_loras"))
        return
    key = f"loras:{wearer.key}"
    chosen = [use.name for use in worn]
    if st.session_state.get(key) != chosen:
        st.session_state[key] = chosen
    st.multiselect(
        say("settings.loras"),
        names,
        format_func={name: title_of(name, library.get(name)) for name in names}.__getitem__,
        key=key,
        placeholder=say("settings.loras_hint"),
        max_selections=MOST_LORAS,
        on_change=lambda: notices.attempt(_choose, wearer, st.session_state[key]),
    )
    for use in worn:
        _draw_one(wearer, story, use, library.get(use.name) or _checkpoint(use.name))


def described(uses: tuple[LoraUse, ...]) -> str:
    """`ink 0.8 · oil 1`, as text."""
    return " · ".join(f"{use.name} {use.strength:g}" for use in uses)


def title_of(name: str, entry: LoraEntry | None) -> str:
    """What people call it, and the name that stories call it by where that is another."""
    return name if entry is None or entry.title in ("", name) else f"{entry.title} ({name})"


def _checkpoint(name: str) -> LoraEntry | None:
    """A checkpoint of a training can be worn without being in the library."""
    try:
        return engine().lora_library.entry(name)
    except ChooseAnother:
        return None


def _draw_one(wearer: Wearer, story: Story, use: LoraUse, entry: LoraEntry | None) -> None:
    key = f"strength:{wearer.key}:{use.name}"
    if st.session_state.get(key) != use.strength:
        st.session_state[key] = use.strength
    st.slider(
        say("settings.strength", name=plain(use.name)),
        min_value=min(WEAKEST, use.strength),
        max_value=max(STRONGEST, use.strength),
        step=STEP,
        key=key,
        help=say("settings.strength_hint"),
        on_change=notices.attempt,
        args=(_set_strength, wearer, use.name, key),
    )
    if entry is None:
        st.caption(f":orange[:material/warning: {say('lora.not_here')}]")
        return
    if entry.family and entry.family != story.settings.family:
        made, paints = plain(family_title(entry.family)), plain(family_title(story.settings.family))
        st.caption(f":orange[:material/warning: {say('lora.other_family', made=made, paints=paints)}]")
    if entry.trigger:
        _draw_trigger(wearer, story, entry)


def _draw_trigger(wearer: Wearer, story: Story, entry: LoraEntry) -> None:
    """The word that calls it, with the way into the words that are painted, unless it is there."""
    words = story.style if wearer.scene is None else f"{story.style}\n{story.scene(wearer.scene).prompt}"
    word = plain(entry.trigger)
    if entry.trigger.casefold() in words.casefold():
        st.caption(f":material/check: {say('lora.trigger_there', word=word)}")
        return
    st.button(
        say("lora.trigger_style" if wearer.scene is None else "lora.trigger_scene", word=word),
        key=f"trigger:{wearer.key}:{entry.name}",
        icon=":material/keyboard_tab_rtl:",
        help=say("lora.trigger_help"),
        on_click=notices.attempt,
        args=(_put_trigger, wearer, entry.trigger),
    )


def _choose(wearer: Wearer, names: list[str]) -> None:
    present = {use.name: use for use in wearer.wears(engine().story(wearer.slug)) or ()}
    recommended = {entry.name: entry.strength for entry in engine().lora_library.entries()}
    wearer.wear(tuple(present.get(name, LoraUse(name=name, strength=recommended.get(name, 1.0))) for name in names))


def _set_strength(wearer: Wearer, name: str, key: str) -> None:
    strength = float(st.session_state[key])
    worn = wearer.wears(engine().story(wearer.slug)) or ()
    wearer.wear(tuple(use.model_copy(update={"strength": strength}) if use.name == name else use for use in worn))


def _put_trigger(wearer: Wearer, trigger: str) -> None:
    fields.save_all()
    story = engine().story(wearer.slug)
    scene = story.scenes[0] if wearer.scene is None else story.scene(wearer.scene)
    name, seen = ("style", story.style) if wearer.scene is None else ("prompt", scene.prompt)
    value = join((trigger, seen), separator_of(story, scene))
    engine().edit(wearer.slug, [Edit(scene=wearer.scene, field=name, value=value, seen=seen)])
