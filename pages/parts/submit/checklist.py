"""The checklist: what is there, what is weak, what is missing."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.wording import language, plain, say
from story_engine.domain.views import CheckItem
from story_engine.messages import message

_ICONS = {
    "ok": ":green[:material/check_circle:]",
    "warning": ":orange[:material/warning:]",
    "blocks": ":red[:material/block:]",
}


def draw(items: tuple[CheckItem, ...]) -> None:
    """One line per thing, with what to do about it."""
    st.subheader(say("submit.checklist"), anchor=False)
    with st.container(key="checklist", gap="xsmall"):
        for item in items:
            st.markdown(f"{_ICONS[item.state]} {plain(message(item.code, language(), **item.values))}")
