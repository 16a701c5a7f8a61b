"""A picture dropped on a scene says how it was made; what of that is wanted is taken over."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import fields, notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import language, plain, say
from story_engine import flows
from story_engine.domain.family import SAMPLER_TITLES
from story_engine.domain.guidance import Guidance
from story_engine.domain.story import Scene
from story_engine.errors import StudioError
from story_engine.flows.recall import OF_SCENE, Recalled
from story_engine.flows.sweep_words import guidance_text

KINDS = ["png", "jpg", "jpeg", "webp", "json", "txt"]
LARGEST_UPLOAD_MB = 50
_LONGEST_SHOWN = 160


def draw(slug: str, scene: Scene) -> None:
    """Folded away; opened, a place to drop a picture, and what it says beside what the scene has."""
    with st.expander(say("recall.title"), type="compact", key=f"recall-{slug}-{scene.id}", on_change="rerun") as folded:
        if not folded.open:
            return
        count_key = f"recall-count-{slug}-{scene.id}"
        key = f"recall-file-{slug}-{scene.id}-{st.session_state.get(count_key, 0)}"
        upload = st.file_uploader(
            say("recall.file"), type=KINDS, key=key, max_upload_size=LARGEST_UPLOAD_MB, help=say("recall.help")
        )
        if upload is None:
            return
        try:
            found = flows.recall.read(services(), slug, scene.id, name=upload.name, content=upload.getvalue())
        except StudioError as error:
            st.error(plain(error.text(language())), icon=":material/error:")
            return
        wanted = draw_values(found, key)
        st.button(
            say("recall.take_over"),
            key=f"{key}-take",
            type="primary",
            disabled=not wanted,
            on_click=notices.attempt,
            args=(_take_over, slug, scene.id, found, wanted, count_key),
        )


def draw_values(found: Recalled, key: str) -> list[str]:
    """What a picture says, each value with a tick and a key that begins with `key`; the names of those ticked."""
    wanted = [name for name in found.values if _draw_value(found, name, key)]
    for note in found.notes:
        st.caption(f":material/info: {plain(flows.story_import.text_of(note, language()))}")
    for lora in () if "loras" in found.values else found.loras:
        shown = f"{lora.as_trained:g}" if lora.as_trained is not None else "–"
        st.caption(f":material/layers: {plain(say('recall.lora', name=lora.name, strength=shown))}")
    return wanted


def _draw_value(found: Recalled, name: str, key: str) -> bool:
    """One value with a tick; what the scene has already needs none. Settings of the whole story are off at first."""
    value, present = found.values[name], found.present[name]
    if value == present:
        return False
    label = say(f"recall.{name}", value=plain(_shown(name, value)))
    return st.checkbox(label, name in OF_SCENE, key=f"{key}-{name}")


def _shown(name: str, value: object) -> str:
    if name == "sampler":
        return SAMPLER_TITLES.get(str(value), str(value))
    if isinstance(value, Guidance):
        return say("settings.guidance_constant") if value.is_constant else guidance_text(value, language())
    if isinstance(value, tuple) and name == "controls":
        return " · ".join(f"{say(f'control.{use.kind}')} × {use.weight:g}" for use in value) or say("recall.none")
    if isinstance(value, tuple):
        return ", ".join(f"{use.name} × {use.strength:g}" for use in value)
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _take_over(slug: str, scene: str, found: Recalled, wanted: list[str], count_key: str) -> None:
    fields.save_all()
    before = flows.recall.take_over(services(), slug, scene, found, wanted)
    st.session_state[count_key] = st.session_state.get(count_key, 0) + 1
    undo = notices.Undo(kind="revision", token=str(before), story=slug)
    notices.tell("recall.done", name=found.source, undo=undo)
