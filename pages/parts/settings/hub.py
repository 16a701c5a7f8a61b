"""Where models come from: a mirror, the token of the environment, and folders that are looked through too."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.parts.shared import folded, notices
from pages.parts.shared.services import ask, services
from pages.parts.shared.wording import plain, say
from story_engine import flows
from story_engine.flows.models import HubSettings

_MIRROR, _FOLDER = "hub-mirror", "hub-folder"


def draw() -> None:
    """Folded away: few need it."""
    hub = flows.models.hub(services())
    with folded.expander(say("hub.title"), key="hub", note=plain(hub.address)):
        _draw_mirror(hub)
        st.caption(f":material/key: {say('hub.token_here' if hub.has_token else 'hub.token_none')}")
        st.markdown(f"**{say('hub.folders')}**")
        st.caption(say("hub.folders_text"))
        for number, folder in enumerate(hub.folders):
            _draw_folder(folder, number)
        with st.container(horizontal=True, vertical_alignment="bottom", key="hub-add"):
            st.text_input(say("hub.folder_label"), key=_FOLDER, placeholder="/mnt/workspace/models")
            st.button(say("hub.folder_add"), key="hub-folder-add", on_click=notices.attempt, args=(_add,))


def _draw_mirror(hub: HubSettings) -> None:
    st.text_input(
        say("hub.mirror"),
        value=hub.mirror,
        key=_MIRROR,
        placeholder="https://modelscope.cn",
        disabled=hub.is_of_environment,
        on_change=lambda: notices.attempt(_set_mirror),
    )
    st.caption(say("hub.mirror_environment" if hub.is_of_environment else "hub.mirror_text"))


def _draw_folder(folder: str, number: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"hub-folder-{number}"):
        st.markdown(f":material/folder: {plain(folder)}", width="stretch")
        st.button(
            say("hub.folder_forget"),
            key=f"icon-hub-forget-{number}",
            icon=":material/close:",
            type="tertiary",
            on_click=notices.attempt,
            args=(ask(flows.models.forget_folder), folder),
        )


def _set_mirror() -> None:
    address = flows.models.set_mirror(services(), st.session_state[_MIRROR])
    notices.tell("hub.mirror_set" if address else "hub.mirror_cleared", address=address)


def _add() -> None:
    given = str(st.session_state.get(_FOLDER, "")).strip()
    if not given:
        return
    found = flows.models.use_folder(services(), Path(given))
    st.session_state[_FOLDER] = ""
    notices.tell("hub.folder_added", listed=", ".join(found))
