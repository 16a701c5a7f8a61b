"""A model's licence: read and accepted before the first download."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import ago_day, language, plain, say, size
from story_engine import flows
from story_engine.domain.views import FamilyState
from story_engine.messages import message


def draw(state: FamilyState, *, is_told: bool = False) -> None:
    """What is known of it, where it stands, and the tick that lets the download begin; later, when it was accepted.

    `is_told`: what is known of it stands above already, at another model under the same agreement.
    """
    licence = state.licence
    if licence is None:
        return
    links = f"[{say('licence.text')}]({licence.url}) · [{say('licence.page')}]({licence.page})"
    if not state.needs_acceptance:
        if state.accepted_at:
            day = ago_day(state.accepted_at)
            st.caption(f":material/gavel: {say('licence.accepted', version=licence.version, day=day)} · {links}")
        return
    key = f"licence-read-{state.name}"
    with st.container(key=f"licence-{state.name}", gap="small"):
        st.markdown(f":material/gavel: **{say('licence.title', version=licence.version)}**")
        if not is_told:
            st.markdown(plain(message(licence.summary, language())))
        st.markdown(links)
        is_read = st.checkbox(say("licence.accept"), key=key)
        st.button(
            say("licence.accept_and_download", size=size(state.missing_bytes)),
            key=f"accept-{state.name}",
            type="primary",
            icon=":material/download:",
            disabled=not is_read,
            on_click=notices.attempt,
            args=(_accept, state.name),
        )


def _accept(name: str) -> None:
    flows.models.accept_licence(services(), name)
    flows.models.download(services(), name)
