"""Parts of a page that belong together, said to those who cannot see it: each a group, its buttons named with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from pages.parts.shared.component_data import given

_name = st.components.v2.component("groups", js=(Path(__file__).parent / "component.js").read_text(encoding="utf-8"))


def draw(named: Mapping[str, str]) -> None:
    """Container key → name of the group, such as "Scene 3 The old book". Once on a page, in its body."""
    _name(key="groups", data=given(groups=dict(named)), height=0)
