"""The browser's part of notices: it reads them aloud, lets a success leave, and keeps the page clear of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

from pages.parts.shared.component_data import given

KEY = "notice-bar"
_mount = st.components.v2.component(
    "story_studio_notices", js=(Path(__file__).parent / "component.js").read_text(encoding="utf-8")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One notice as the browser knows it."""

    id: int
    key: str
    """Of its container."""
    text: str
    is_error: bool


def draw(notices: Sequence[Shown], *, on_left: Callable[[int], None]) -> None:
    """Once in every run, with or without notices; `on_left` is given the id of one that has had its time."""

    def left() -> None:
        sent = getattr(st.session_state.get(KEY), "left", None)
        if isinstance(sent, int):
            on_left(sent)

    _mount(key=KEY, data=given(notices=[asdict(notice) for notice in notices]), on_left_change=left, height=0)
