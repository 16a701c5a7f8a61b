"""How a character looks: the picture that was chosen for it, on its card, and how strongly panels are held to it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.parts.shared import fields, inputs, notices, trouble
from pages.parts.shared.services import services
from pages.parts.shared.wording import language, plain, say
from pages.parts.story import panel_picture
from pages.parts.story.settings_field import Setting
from story_engine import flows
from story_engine.domain.cast import USUAL_CAST_FROM, USUAL_CAST_STRENGTH
from story_engine.domain.story import Character, Story
from story_engine.flows.cast import ChosenLook
from story_engine.messages import message

_USUAL = {"cast_strength": (USUAL_CAST_STRENGTH, 0.25), "cast_from": (USUAL_CAST_FROM, 0.05)}
"""Setting → what a blank field means, and how far one click goes."""


def draw(slug: str, story: Story, character: Character) -> None:
    """The pictures of one character; how one is chosen, where there is none."""
    chosen = flows.cast.chosen(services(), slug, character)
    if not chosen:
        st.caption(say("cast.look_none"))
        return
    followers = flows.cast.followers(story, character)
    for each in chosen:
        _draw_look(slug, story, character, each, followers.get(each.outfit, ()))


def draw_settings(slug: str, story: Story) -> None:
    """How strongly and from when; nothing where no character has a look."""
    if not any(character.looks for character in story.characters):
        return
    for column, (name, (usual, step)) in zip(st.columns(len(_USUAL)), _USUAL.items(), strict=True):
        with column:
            setting = Setting(slug, None, name)
            value = getattr(story.settings, name)
            label, hint = say(f"settings.{name}"), say(f"settings.{name}_hint")
            inputs.number_input(setting, value, label=label, step=step, placeholder=f"{usual:g}", explained=hint)
            trouble.show_trouble(setting)


def _draw_look(slug: str, story: Story, character: Character, chosen: ChosenLook, followers: tuple[int, ...]) -> None:
    name = plain(character.name or character.id)
    titled = f"{name} · {plain(chosen.outfit)}" if chosen.outfit else name
    key = f"{slug}-{character.id}-{chosen.outfit}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"look-{key}"):
        if chosen.picture is not None:
            st.image(panel_picture.jpeg(chosen.picture), width=96, alt=say("cast.look_of", name=titled))
        with st.container(gap="xxsmall"):
            st.markdown(say("cast.look", name=titled, where=_where(story, chosen)))
            if followers:
                st.caption(say("cast.look_followers", panels="、".join(map(str, followers))))
            if chosen.trouble is not None:
                st.caption(f":material/warning: {plain(message(chosen.trouble, language()))}")
            st.button(
                say("cast.look_forget"),
                key=f"look-forget-{key}",
                icon=":material/link_off:",
                type="tertiary",
                on_click=notices.attempt,
                args=(partial(_forget, slug, character.id, chosen.outfit),),
            )


def _where(story: Story, chosen: ChosenLook) -> str:
    numbers = {scene.id: number for number, scene in enumerate(story.scenes, start=1)}
    if chosen.take is None or chosen.look.scene not in numbers:
        return ""
    return say("cast.look_where", n=numbers[chosen.look.scene], take=chosen.take.serial)


def _forget(slug: str, character: str, outfit: str) -> None:
    fields.save_all()
    before = services().stories.load(slug).revision
    flows.cast.forget(services(), slug, character, outfit)
    notices.tell("done.look_forgotten", undo=notices.Undo(kind="revision", token=str(before), story=slug))
