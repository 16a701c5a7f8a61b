"""The large picture of a panel, or the place where it will be."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts.shared.wording import family_title, plain, say
from story_engine.domain.board import Panel, TakeView


def frame(panel: Panel) -> DeltaGenerator:
    """What holds the picture and, drawn first into it, the `slot` over it."""
    return st.container(key=f"frame-{panel.scene.id}", gap=None)


def slot(panel: Panel) -> DeltaGenerator:
    """The place over the picture for a latent preview: outside of whatever draws the picture again."""
    return st.container(key=f"preview-{panel.scene.id}")


def draw(panel: Panel, *, name: str, badges: bool = True) -> None:
    """The chosen take with its badges.

    Args:
        panel: whose picture.
        name: of the panel for people, such as its number and title.
        badges: show score, stand-in and pick on the picture.
    """
    with st.container(key=f"panel-{panel.scene.id}", gap=None):
        if panel.chosen is None:
            with st.container(key=f"blank-panel-{panel.scene.id}"):
                st.markdown(say("panel.empty"))
            return
        st.image(jpeg(panel.chosen.thumbnail), width="stretch", alt=say("panel.picture_of", name=name))
        if badges:
            _draw_badges(panel, panel.chosen)


@lru_cache(maxsize=1024)
def jpeg(path: Path) -> bytes:
    """A take's small picture. A take never changes, so the disk is read once; 1024 of them are about 20 MB."""
    return path.read_bytes()


def _draw_badges(panel: Panel, chosen: TakeView) -> None:
    with st.container(key=f"badges-{panel.scene.id}", horizontal=True, gap="xxsmall"):
        if chosen.score is not None:
            st.badge(f"{chosen.score:z.2f}", icon=":material/star:", color="gray")
        if panel.is_picked:
            st.badge(say("panel.picked"), icon=":material/check:", color="primary")
        if panel.stand_in_for is not None:
            st.badge(say("panel.stand_in", family=plain(family_title(chosen.take.recipe.family))), color="orange")
        if chosen.is_control:
            st.badge(say("lora.is_control"), icon=":material/layers_clear:", color="gray")
        elif not chosen.is_current:
            st.badge(say("panel.older"), icon=":material/history:", color="gray")
