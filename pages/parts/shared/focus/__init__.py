"""The focus of the keyboard is never lost: what has come instead of a button that its own click took away has it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_keep = st.components.v2.component("focus", js=(Path(__file__).parent / "component.js").read_text(encoding="utf-8"))


def draw() -> None:
    """On every page, once."""
    _keep(key="focus", height=0)
