"""The LoRAs of one scene: as the story, its own, or none; and the same picture without any."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import fields, folded, lora_use, notices
from pages.parts.shared.lora_use import Place
from pages.parts.shared.services import services
from pages.parts.shared.wording import labels, plain, say
from pages.parts.story import comparison, redraw
from story_engine import flows
from story_engine.domain.board import Panel
from story_engine.domain.edit import Edit
from story_engine.domain.story import LoraUse, Scene, Story
from story_engine.errors import StandInNeeded

KINDS = ("story", "own", "none")


def draw(slug: str, story: Story, scene: Scene) -> None:
    """Folded away; nothing where there is no LoRA anywhere."""
    if not (story.loras or scene.loras is not None or services().loras.names()):
        return
    kind = _kind(scene)
    used = story.loras_of(scene)
    title = say(f"lora.scene_{kind}")
    what = plain(lora_use.described(used)) if used else say("lora.nothing_used")
    note = title if kind == "none" else what if kind == "own" else f"{title}: {what}"
    with folded.expander(say("lora.scene"), key=f"scene-loras-{slug}-{scene.id}", note=note) as fold:
        if not fold.open:
            return
        place = Place(slug, scene.id)
        key = f"lora-kind:{slug}:{scene.id}"
        if st.session_state.get(key) not in _fitting(scene):
            st.session_state[key] = kind
        st.segmented_control(
            say("lora.scene"),
            KINDS,
            format_func=labels("lora.kind_", KINDS).__getitem__,
            key=key,
            required=True,
            label_visibility="collapsed",
            on_change=lambda: notices.attempt(_turn, place, st.session_state[key], scene.loras),
            persist_state="session",
        )
        if st.session_state[key] == "own":
            lora_use.draw(place, story)


def draw_control(slug: str, story: Story, panel: Panel) -> None:
    """The same scene and seed without any LoRA, beside the picture that has one."""
    uses = any(use.strength != 0 for use in story.loras_of(panel.scene))
    if not uses or panel.stand_in_for is not None:
        return
    st.button(
        say("lora.without"),
        key=f"without-loras-{slug}-{panel.scene.id}",
        icon=":material/layers_clear:",
        type="tertiary",
        help=say("lora.without_help"),
        on_click=redraw.whole,
        args=(_paint_control, slug, panel.scene.id),
    )


def _kind(scene: Scene) -> str:
    return "story" if scene.loras is None else "own" if scene.loras else "none"


def _fitting(scene: Scene) -> tuple[str, ...]:
    """Of the control: where nothing is used, "own" may just have been chosen."""
    return ("story",) if scene.loras is None else ("own",) if scene.loras else ("none", "own")


def _turn(place: Place, kind: str, seen: tuple[LoraUse, ...] | None) -> None:
    """What the scene has when a person says "own" is what it had: a start for changing it."""
    own = seen or services().stories.load(place.slug).loras
    value = own if kind == "own" else None if kind == "story" else ()
    services().stories.edit(place.slug, [Edit(scene=place.scene, field="loras", value=value, seen=seen)])


def _paint_control(slug: str, scene: str) -> None:
    fields.save_all()
    try:
        flows.queue.render(services(), slug, scenes=[scene], without_loras=True)
    except StandInNeeded:
        notices.tell("stand_in.first")
        return
    comparison.open_with_control(slug, scene)
