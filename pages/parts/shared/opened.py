"""Which story is open: the address says so, and the session remembers it between pages."""

from __future__ import annotations

import streamlit as st


def slug() -> str | None:
    """The open story's slug; None when none is."""
    named = st.query_params.get("story")
    if named:
        st.session_state["opened_story"] = named
        return named
    remembered: str | None = st.session_state.get("opened_story")
    return remembered


def remember(story: str) -> None:
    """Make `story` the open one."""
    st.session_state["opened_story"] = story


def forget(story: str) -> None:
    """`story` is gone from the shelf."""
    if st.session_state.get("opened_story") == story:
        del st.session_state["opened_story"]
