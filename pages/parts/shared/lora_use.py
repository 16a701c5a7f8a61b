"""Which LoRAs a story or one of its scenes uses, and how strongly: chosen from the library, saved at once."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.parts.shared import fields, notices, trouble
from pages.parts.shared.fields import Field
from pages.parts.shared.services import services
from pages.parts.shared.wording import family_title, plain, say
from story_engine.domain.composing import join, separator_of
from story_engine.domain.edit import Edit
from story_engine.domain.lora import LoraEntry
from story_engine.domain.story import MOST_LORAS, LoraUse, Story
from story_engine.errors import ChooseAnother

WEAKEST, STRONGEST, STEP = 0.0, 2.0, 0.05
"""Of the slider; a story file may say less or more, and the slider then reaches as far."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where LoRAs are used: in a story, or in one of its scenes."""

    slug: str
    scene: str | None = None

    @property
    def key(self) -> str:
        """For its widgets."""
        return self.slug if self.scene is None else f"{self.slug}:{self.scene}"

    def loras(self, story: Story) -> tuple[LoraUse, ...] | None:
        """Its own LoRAs; None for a scene that uses the story's."""
        return story.loras if self.scene is None else story.scene(self.scene).loras

    def edit(self, part: tuple[str, ...], value: object, seen: object) -> Edit:
        """A change of one LoRA here; the others stay as they are by then."""
        return Edit(scene=self.scene, field="loras", part=part, value=value, seen=seen)


@dataclass(frozen=True, slots=True)
class Strength(Field):
    """How strongly one LoRA is applied."""

    place: Place

    @property
    def key(self) -> str:
        """Of the widget."""
        return f"strength:{self.place.key}:{self.name}"

    def shown(self, value: object) -> str:
        """With the LoRA that it is of."""
        return f"{self.name} {value:g}" if isinstance(value, int | float) else self.name

    def value_in(self, story: Story) -> object:
        """The strength; None where the LoRA is not used any more."""
        return next((use.strength for use in self.place.loras(story) or () if use.name == self.name), None)

    def edits(self, value: object, seen: object) -> list[Edit]:
        """Its strength alone."""
        return [self.place.edit((self.name, "strength"), value, seen)]


@dataclass(frozen=True, slots=True)
class Chosen(Field):
    """Which LoRAs are used, by name; those that other tabs add or remove stay so."""

    place: Place

    @property
    def key(self) -> str:
        """Of the widget."""
        return f"loras:{self.place.key}"

    def shown(self, value: object) -> str:
        """The names, in one line."""
        return " · ".join(_names(value)) or "–"

    def value_in(self, story: Story) -> object:
        """The names."""
        return [use.name for use in self.place.loras(story) or ()]

    def edits(self, value: object, seen: object) -> list[Edit]:
        """One per LoRA that came or went; one that comes has the strength that is recommended for it."""
        before, after = _names(seen), _names(value)
        recommended = {entry.name: entry.strength for entry in services().lora_library.entries()}
        came = [LoraUse(name=name, strength=recommended.get(name, 1.0)) for name in after if name not in before]
        went = [name for name in before if name not in after]
        return [self.place.edit((use.name,), use, None) for use in came] + [
            self.place.edit((name,), None, self._seen(name)) for name in went
        ]

    def _seen(self, name: str) -> LoraUse | None:
        """The use that this tab shows."""
        strength = fields.seen(Strength(self.story, self.scene, name, self.place))
        return LoraUse(name=name, strength=float(strength)) if isinstance(strength, int | float) else None


def draw(place: Place, story: Story) -> None:
    """The choice, and for each chosen LoRA its strength and its trigger word."""
    used = place.loras(story) or ()
    library = {entry.name: entry for entry in services().lora_library.entries()}
    names = list(dict.fromkeys((*library, *(use.name for use in used))))
    if not names:
        st.caption(say("settings.no_loras"))
        return
    chosen = Chosen(place.slug, place.scene, "loras", place)
    fields.prepare(chosen, [use.name for use in used])
    st.multiselect(
        say("settings.loras"),
        names,
        format_func={name: title_of(name, library.get(name)) for name in names}.__getitem__,
        key=chosen.key,
        placeholder=say("settings.loras_hint"),
        max_selections=MOST_LORAS,
        on_change=fields.save,
        args=(chosen,),
    )
    trouble.show_trouble(chosen)
    for use in used:
        _draw_one(place, story, use, library.get(use.name) or _checkpoint(use.name))


def described(uses: tuple[LoraUse, ...]) -> str:
    """`ink 0.8 · oil 1`, as text."""
    return " · ".join(f"{use.name} {use.strength:g}" for use in uses)


def title_of(name: str, entry: LoraEntry | None) -> str:
    """What people call it, and the name that stories call it by where that is another."""
    return name if entry is None or entry.title in ("", name) else f"{entry.title} ({name})"


def _checkpoint(name: str) -> LoraEntry | None:
    """A checkpoint of a training can be used without being in the library."""
    try:
        return services().lora_library.entry(name)
    except ChooseAnother:
        return None


def _draw_one(place: Place, story: Story, use: LoraUse, entry: LoraEntry | None) -> None:
    strength = Strength(place.slug, place.scene, use.name, place)
    fields.prepare(strength, use.strength)
    st.slider(
        say("settings.strength", name=plain(use.name)),
        min_value=min(WEAKEST, use.strength, st.session_state[strength.key]),
        max_value=max(STRONGEST, use.strength, st.session_state[strength.key]),
        step=STEP,
        key=strength.key,
        help=say("settings.strength_hint"),
        on_change=fields.save,
        args=(strength,),
    )
    trouble.show_trouble(strength)
    if entry is None:
        st.caption(f":orange[:material/warning: {say('lora.not_here')}]")
        return
    if entry.family and entry.family != story.settings.family:
        made, paints = plain(family_title(entry.family)), plain(family_title(story.settings.family))
        st.caption(f":orange[:material/warning: {say('lora.other_family', made=made, paints=paints)}]")
    if entry.trigger:
        _draw_trigger(place, story, entry)


def _draw_trigger(place: Place, story: Story, entry: LoraEntry) -> None:
    """The word that calls it, with the way into the words that are painted, unless it is there."""
    words = story.style if place.scene is None else f"{story.style}\n{story.scene(place.scene).prompt}"
    word = plain(entry.trigger)
    if entry.trigger.casefold() in words.casefold():
        st.caption(f":material/check: {say('lora.trigger_there', word=word)}")
        return
    st.button(
        say("lora.trigger_style" if place.scene is None else "lora.trigger_scene", word=word),
        key=f"trigger:{place.key}:{entry.name}",
        icon=":material/keyboard_tab_rtl:",
        help=say("lora.trigger_help"),
        on_click=notices.attempt,
        args=(_put_trigger, place, entry.trigger),
    )


def _put_trigger(place: Place, trigger: str) -> None:
    fields.save_all()
    story = services().stories.load(place.slug)
    scene = story.scenes[0] if place.scene is None else story.scene(place.scene)
    name, seen = ("style", story.style) if place.scene is None else ("prompt", scene.prompt)
    value = join((trigger, seen), separator_of(story, scene))
    services().stories.edit(place.slug, [Edit(scene=place.scene, field=name, value=value, seen=seen)])


def _names(value: object) -> list[str]:
    return list(value) if isinstance(value, list | tuple) else []
