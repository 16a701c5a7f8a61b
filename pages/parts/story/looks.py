"""How a character looks: the picture that was chosen for it, on its card, and how strongly panels are held to it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.parts.shared import fields, inputs, notices, trouble
from pages.parts.shared.services import services
from pages.parts.shared.wording import family_title, language, plain, say
from pages.parts.story import painter, panel_picture
from pages.parts.story.settings_field import Setting
from story_engine import flows
from story_engine.domain.cast import USUAL_CAST_FROM, USUAL_CAST_STRENGTH
from story_engine.domain.look import AS_DESCRIBED
from story_engine.domain.story import Character, Story
from story_engine.errors import StudioError
from story_engine.flows.cast import ChosenLook
from story_engine.messages import message

PICTURES = ["png", "jpg", "jpeg", "webp"]
LARGEST_UPLOAD_MB = 50
_USUAL = {"cast_strength": (USUAL_CAST_STRENGTH, 0.25), "cast_from": (USUAL_CAST_FROM, 0.05)}
"""Setting → what a blank field means, and how far one click goes."""


def draw(slug: str, story: Story, character: Character) -> None:
    """The pictures of one character; how one is chosen, where there is none; and a place for one from outside."""
    chosen = flows.cast.chosen(services(), slug, character)
    followers = flows.cast.followers(story, character)
    for each in chosen:
        _draw_look(slug, story, character, each, followers.get(each.outfit, ()))
    stands_in = painter.stand_in(story)
    if stands_in is not None:
        names = {"family": plain(family_title(story.settings.family)), "stand_in": plain(family_title(stands_in.name))}
        st.caption(f":material/info: {say('cast.look_stand_in', **names)}")
    elif not chosen:
        st.caption(say("cast.look_none"))
    _draw_outside(slug, character)


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
                st.caption(say("cast.look_followers", panels=say("panel.and").join(map(str, followers))))
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


def _draw_outside(slug: str, character: Character) -> None:
    """A picture from outside, taken as soon as it is there; what cannot be read says why, and can be exchanged."""
    key = f"look-outside-{slug}-{character.id}"
    if st.session_state.pop(f"{key}-done", False):
        st.session_state[key] = False
    window = st.popover(
        say("cast.look_outside"), key=key, icon=":material/add_photo_alternate:", type="tertiary", on_change="rerun"
    )
    if not window.open:
        return
    with window:
        st.markdown(say("cast.look_outside_about", name=plain(character.name or character.id)))
        outfit: str | None = AS_DESCRIBED
        if character.outfits:
            outfit = st.selectbox(
                say("cast.look_outfit"),
                [AS_DESCRIBED, *character.outfits],
                format_func=lambda each: plain(each) or say("cast.as_described"),
                key=f"{key}-outfit",
            )
        turn = st.session_state.get(f"{key}-turn", 0)
        upload = st.file_uploader(
            say("cast.look_file"), type=PICTURES, key=f"{key}-file-{turn}", max_upload_size=LARGEST_UPLOAD_MB
        )
        if upload is not None:
            _take_in(slug, character, outfit or AS_DESCRIBED, upload.name, upload.getvalue(), key)


def _take_in(slug: str, character: Character, outfit: str, name: str, content: bytes, key: str) -> None:
    try:
        fields.save_all()
        before = services().stories.load(slug).revision
        found = flows.cast.choose_outside(services(), slug, character.id, outfit, name=name, content=content)
    except StudioError as error:
        st.error(plain(error.text(language())), icon=":material/error:")
        return
    st.session_state[f"{key}-turn"] = st.session_state.get(f"{key}-turn", 0) + 1
    st.session_state[f"{key}-done"] = True
    undo = notices.Undo(kind="revision", token=str(before), story=slug)
    if found.is_enlarged:
        size, wanted = (f"{width} × {height}" for width, height in (found.size, found.wanted))
        notices.attempt(notices.tell, "done.look_enlarged", size=size, wanted=wanted, undo=undo)
    else:
        notices.attempt(notices.tell, "done.look_chosen", undo=undo)  # in the place of earlier ones
    st.rerun()


def _where(story: Story, chosen: ChosenLook) -> str:
    if not chosen.look.scene:
        return say("cast.look_from_outside")
    numbers = {scene.id: number for number, scene in enumerate(story.scenes, start=1)}
    if chosen.take is None or chosen.look.scene not in numbers:
        return ""
    return say("cast.look_where", n=numbers[chosen.look.scene], take=chosen.take.serial)


def _forget(slug: str, character: str, outfit: str) -> None:
    fields.save_all()
    before = services().stories.load(slug).revision
    flows.cast.forget(services(), slug, character, outfit)
    notices.tell("done.look_forgotten", undo=notices.Undo(kind="revision", token=str(before), story=slug))
