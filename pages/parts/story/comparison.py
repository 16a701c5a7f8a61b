"""Two takes of a panel beside each other in the lightbox, which says what differs between them."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import lightbox
from story_engine.domain.board import Panel, TakeView


def open_two(panel: Panel) -> None:
    """The panel's take on the left, and on the right the newest of the others."""
    shown = panel.chosen
    other = next((view for view in reversed(panel.takes) if view is not shown), None)
    if shown is not None and other is not None:
        lightbox.show(panel.scene.id, take=shown.take.id, beside=other.take.id)


def open_with_control(slug: str, scene: str) -> None:
    """Open with the panel's take on the left and, as soon as it is painted, its control on the right."""
    st.session_state[_request_key(slug, scene)] = True


def follow(slug: str, panel: Panel) -> None:
    """Open what was asked for, once its picture is there."""
    key = _request_key(slug, panel.scene.id)
    if panel.chosen is None or not st.session_state.get(key):
        return
    control = _control(panel, panel.chosen)
    if control is not None:
        del st.session_state[key]
        lightbox.show(panel.scene.id, take=panel.chosen.take.id, beside=control.take.id)


def _control(panel: Panel, shown: TakeView) -> TakeView | None:
    """The picture of the panel's scene and seed without any LoRA; None until it is painted."""
    controls = [view for view in panel.takes if view.is_control and view.take.id != shown.take.id]
    same_seed = [view for view in controls if view.take.recipe.seed == shown.take.recipe.seed]
    return next(reversed(same_seed or controls), None)


def _request_key(slug: str, scene: str) -> str:
    return f"compare-{slug}-{scene}-control"
