"""What is folded away, and stays open while one works in it.

Streamlit takes an expander with another label for another expander: it is drawn closed, and a field inside it loses
the focus. So what changes stands beside the label, and another language's label takes along whether it was open.
"""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.elements.lib.mutable_expander_container import ExpanderContainer


def expander(label: str, *, key: str, note: str = "", icon: str | None = None) -> ExpanderContainer:
    """One that is drawn when it is open (`.open`); `note`, already escaped, may change at any time."""
    seen: dict[str, str] = st.session_state.setdefault("folded_labels", {})
    if seen.get(key, label) != label and key in st.session_state:
        st.session_state[key] = bool(st.session_state[key])
    seen[key] = label
    with _holder(key):
        made = st.expander(label, type="compact", key=key, icon=icon, on_change="rerun")
        if note:
            with st.container(key=f"fold-note-{key}"):
                st.caption(note)
    return made


def _holder(key: str) -> DeltaGenerator:
    return st.container(key=f"fold-{key}")
