"""The large picture of a panel, or the place where it will be."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from pathlib import Path

import streamlit as st
from PIL import Image, ImageDraw
from streamlit.delta_generator import DeltaGenerator

from pages.parts.shared import lightbox
from pages.parts.shared.services import services
from pages.parts.shared.wording import family_title, plain, say
from story_engine.domain.board import Panel, TakeView

PLACEHOLDER_SIDE = 384


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
        lightbox.opener(panel.scene.id, say("lightbox.open", name=plain(name)))
        if badges:
            _draw_badges(panel, panel.chosen)


def changed(panel: Panel) -> str:
    """What has changed since the panel's picture was painted, such as "changed: text, LoRA"."""
    return say("panel.changed", parts=changed_parts(panel))


def changed_parts(panel: Panel) -> str:
    """Such as "text, LoRA"."""
    return say("panel.and").join(say(f"panel.changed_{part}") for part in panel.changed)


def jpeg(path: Path) -> bytes:
    """A take's small picture, or a grey one where neither it nor the picture itself can be read any more."""
    try:
        return _jpeg(path)
    except FileNotFoundError:
        return _nothing_there()


@lru_cache(maxsize=1024)
def _jpeg(path: Path) -> bytes:
    """A take never changes, so the disk is read once; 1024 of them are about 20 MB. What failed is not remembered."""
    content = services().takes.shown(path)
    if content is None:
        raise FileNotFoundError(path)
    return content


@lru_cache(maxsize=1)
def _nothing_there() -> bytes:
    """Two grey tones that stand out from light and dark pages alike: a frame and the mountains of a picture."""
    picture = Image.new("RGB", (PLACEHOLDER_SIDE, PLACEHOLDER_SIDE), (178, 174, 168))
    pen, grey = ImageDraw.Draw(picture), (150, 146, 140)
    pen.rectangle((104, 120, 280, 264), outline=grey, width=8)
    pen.polygon([(116, 252), (166, 176), (204, 228), (230, 200), (268, 252)], fill=grey)
    pen.ellipse((222, 146, 246, 170), fill=grey)
    content = BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()


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
        elif panel.is_outdated:
            st.badge(changed(panel), icon=":material/history:", color="gray")
