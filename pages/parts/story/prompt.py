"""The prompt of a scene: who is named in it, completed as it is typed, and a name of nobody said at once."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import fields, inputs
from pages.parts.shared.fields import Field
from pages.parts.shared.wording import plain, say
from story_engine.domain.braces import UnknownName, unknown_names
from story_engine.domain.story import Scene, Story


def draw(slug: str, story: Story, scene: Scene, *, folded_label: bool = False) -> None:
    """The text, and under it what its braces do not name."""
    field = Field(slug, scene.id, "prompt")
    inputs.text_area(
        field,
        scene.prompt,
        label=say("scene.prompt"),
        placeholder=say("scene.prompt_hint"),
        folded_label=folded_label,
    )
    with st.container(gap="xsmall"):  # a place of its own: Tab leads into fields that stay the same meanwhile
        for number, unknown in enumerate(unknown_names(scene.prompt, story.characters)):
            _draw_nobody(field, scene, number, unknown)


def _draw_nobody(field: Field, scene: Scene, number: int, unknown: UnknownName) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"nobody-{scene.id}-{number}"):
        name = plain(f"{{{unknown.name}}}")
        st.markdown(f":red[:material/error: {say('scene.nobody', name=name)}]", width="content")
        put = unknown.name if unknown.nearest is None else f"{{{unknown.nearest}}}"
        st.button(
            say("scene.nobody_put", name=plain(put)),
            key=f"nobody-put-{scene.id}-{number}",
            type="tertiary",
            on_click=_put,
            args=(field, scene.prompt, unknown, put),
        )


def _put(field: Field, seen: str, unknown: UnknownName, put: str) -> None:
    """Unless something else has been typed since."""
    if st.session_state.get(field.key) == seen:
        fields.put(field, seen[: unknown.start] + put + seen[unknown.end :])
