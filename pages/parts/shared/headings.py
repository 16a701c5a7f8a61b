"""Headings for those who find their way by them, where the eye has a field with the title in it."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.wording import plain, say
from story_engine.domain.story import Scene


def unseen_title(text: str, *, key: str) -> None:
    """The title of a page, which is a field on the screen."""
    with st.container(key=f"unseen-{key}"):
        st.title(plain(text), anchor=False)


def unseen_header(text: str, *, key: str) -> None:
    """The title of a part, which is a field on the screen."""
    with st.container(key=f"unseen-{key}"):
        st.header(plain(text), anchor=False)


def scene_name(scene: Scene, position: int) -> str:
    """What a scene is called wherever its fields and buttons have to be told apart from another one's."""
    return f"{say('scene.number', n=position + 1)} {scene.title}".strip()
