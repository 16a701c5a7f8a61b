"""On a phone the menu covers the page, so it closes once it has led to one."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.parts.shared.component_data import given

_mount = st.components.v2.component(
    "story_studio_menu_closes", js=(Path(__file__).parent / "component.js").read_text(encoding="utf-8")
)


def draw(page: str) -> None:
    """At the end of `page`."""
    _mount(key=f"menu-closes-{page}", data=given(page=page), height=0)
