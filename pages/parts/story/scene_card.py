"""One scene: its picture and takes on the left, its words on the right."""

from __future__ import annotations

import random
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts.shared import fields, headings, inputs, notices, trouble
from pages.parts.shared.fields import Field
from pages.parts.shared.services import services
from pages.parts.shared.wording import labels, say
from pages.parts.story import (
    contest,
    more_takes,
    panel_picture,
    panel_work,
    prompt,
    redraw,
    scene_fields,
    take_strip,
)
from story_engine import flows
from story_engine.domain.board import Panel
from story_engine.domain.desk import Desk
from story_engine.domain.edit import Edit
from story_engine.domain.story import LARGEST_SEED, Scene, Story
from story_engine.domain.views import ResolvedText


def draw(
    slug: str, story: Story, panel: Panel, sent: ResolvedText, position: int, desk: Desk
) -> tuple[DeltaGenerator, DeltaGenerator]:
    """The card, with what the model is `sent`; returns the slots of its picture and of its work."""
    scene = panel.scene
    with st.container(key=f"card-{scene.id}"):
        headings.unseen_header(headings.scene_name(scene, position), key=f"scene-{scene.id}")
        is_dense = desk.scenes == "dense"
        picture, words = st.columns([3, 7] if is_dense else [5, 7], gap="small" if is_dense else "medium")
        with picture:
            frame = panel_picture.frame(panel)
        with frame:
            slot, work = panel_picture.slot(panel), panel_work.slot(scene.id)
        with words:
            if is_dense:
                with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=f"top-{scene.id}"):
                    _draw_title(slug, scene, position)
                    pin = _draw_making(slug, story, scene, is_dense=True)
                    _draw_arranging(slug, story, scene, position)
                trouble.show_trouble(Field(slug, scene.id, "seed"))
            else:
                with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                    _draw_title(slug, scene, position)
                    _draw_arranging(slug, story, scene, position)
            prompt.draw(slug, story, scene, folded_label=is_dense)
            if is_dense:
                scene_fields.draw_folded(slug, story, scene, sent, desk.shown)
            else:
                scene_fields.draw(slug, story, scene, sent, ("caption", "speech", "note", "who"))
                pin = _draw_making(slug, story, scene)
                trouble.show_trouble(Field(slug, scene.id, "seed"))
                scene_fields.draw(slug, story, scene, sent, ("loras", "controls", "sent", "recall"))
    # Drawn from out here: a part remembers every container that it is inside of, and each costs time.
    name = scene.title or say("scene.number", n=position + 1)
    with frame:
        redraw.part_of_panel(slug, story, panel, partial(_draw_picture, slug, name))
    with pin:
        redraw.part_of_panel(slug, story, panel, partial(_draw_dice_and_pin, slug))
    return slot, work


def _draw_picture(slug: str, name: str, story: Story, panel: Panel) -> None:
    panel_picture.draw(panel, name=name)
    take_strip.draw(slug, story, panel)
    contest.draw_stopped(slug, panel.scene.id)


def _draw_title(slug: str, scene: Scene, position: int) -> None:
    with st.container(key=f"number-{scene.id}", width="content"):
        st.markdown(f"{position + 1}")
    with st.container(key=f"title-scene-{scene.id}"):
        inputs.text_input(
            Field(slug, scene.id, "title"),
            scene.title,
            label=say("scene.title"),
            placeholder=say("scene.title_hint"),
            folded_label=True,
        )


def _draw_arranging(slug: str, story: Story, scene: Scene, position: int) -> None:
    key = f"icon-scene-{slug}-{scene.id}"
    actions = ["up"] * (position > 0) + ["down"] * (position < len(story.scenes) - 1) + ["insert"]
    actions += ["remove"] * (len(story.scenes) > 1)
    st.menu_button(
        say("scene.more"),
        actions,
        format_func=labels("scene.", actions).__getitem__,
        key=key,
        icon=":material/more_horiz:",
        type="tertiary",
        on_click=lambda: notices.attempt(_arrange, st.session_state[key], slug, scene.id),
    )


def _draw_making(slug: str, story: Story, scene: Scene, *, is_dense: bool = False) -> DeltaGenerator:
    """Seed and the buttons for more pictures; returns the place of dice and pin."""
    with st.container(
        horizontal=True,
        vertical_alignment="bottom",
        gap="xsmall",
        width="content" if is_dense else "stretch",
        key=f"making-{scene.id}",
    ):
        inputs.number_input(
            Field(slug, scene.id, "seed"),
            scene.seed,
            label=say("scene.seed"),
            width=104 if is_dense else 168,
            explained=None if is_dense else say("scene.seed_hint"),
            folded_label=is_dense,
        )
        place = st.container(width="content")
        if not is_dense:
            st.space("stretch")
        st.button(
            say("scene.redo"),
            key=f"redo-{slug}-{scene.id}",
            icon=":material/refresh:",
            help=say("scene.redo_hint"),
            on_click=notices.attempt,
            args=(more_takes.redo, slug, scene.id, 1),
        )
        more_takes.draw(slug, story, scene)
    return place


def _draw_dice_and_pin(slug: str, _: Story, panel: Panel) -> None:
    scene, seed = panel.scene, Field(slug, panel.scene.id, "seed")
    with st.container(horizontal=True, gap="xsmall", key=f"pin-{scene.id}"):
        st.button(
            say("scene.dice"),
            key=f"icon-dice-{slug}-{scene.id}",
            icon=":material/casino:",
            help=say("scene.dice"),
            disabled=scene.pinned,
            on_click=lambda: redraw.whole(fields.put, seed, random.randint(0, LARGEST_SEED)),
        )
        shown = panel.chosen.take if panel.chosen is not None else None
        is_on = scene.pinned and (shown is None or shown.recipe.seed == scene.seed)
        if is_on:
            what = say("scene.unpin")
        elif shown is None:
            what = say("scene.pin")
        else:
            what = say("scene.pin_take", n=shown.serial, seed=shown.recipe.seed)
        st.button(
            what,
            key=f"icon-pin-{slug}-{scene.id}",
            icon=":material/keep:",
            type="primary" if is_on else "secondary",
            help=what,
            on_click=_turn_pin,
            args=(slug, panel, not is_on),
        )


def _turn_pin(slug: str, panel: Panel, is_pinned: bool) -> None:
    """Pin the seed of the picture that is shown, or let it go. A seed that changes is drawn in its field too."""
    scene, shown = panel.scene, panel.chosen
    if not is_pinned or shown is None or shown.take.recipe.seed == scene.seed:
        edit = Edit(scene=scene.id, field="pinned", value=is_pinned, seen=scene.pinned)
        redraw.panel(slug, scene.id, services().stories.edit, slug, [edit])
    else:
        redraw.whole(flows.takes.pin, services(), slug, scene.id, shown.take.id)


def _arrange(action: str | None, slug: str, scene: str) -> None:
    if action == "up":
        services().stories.move_scene(slug, scene, by=-1)
    elif action == "down":
        services().stories.move_scene(slug, scene, by=1)
    elif action == "insert":
        services().stories.add_scene(slug, after=scene)
    elif action == "remove":
        before = services().stories.load(slug).revision
        services().stories.remove_scene(slug, scene)
        notices.tell("done.scene_removed", undo=notices.Undo(kind="revision", token=str(before), story=slug))
