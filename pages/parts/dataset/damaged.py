"""Datasets that cannot be opened: each a closed entry with its reason, out of the way of the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from pages.parts.shared import notices
from pages.parts.shared.wording import language, plain, say
from story_engine.flows.dataset_view import DatasetCard


def draw(cards: Sequence[DatasetCard], *, on_delete: Callable[[str], None] | None = None) -> None:
    """The damaged ones among `cards`, with a way to delete each where `on_delete` is given."""
    for card in cards:
        if card.damage is not None:
            _draw_one(card, card.damage.text(language()), on_delete)


def _draw_one(card: DatasetCard, reason: str, on_delete: Callable[[str], None] | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"damaged-{card.name}"):
        st.button(plain(card.title), key=f"dataset-damaged-{card.name}", icon=":material/broken_image:", disabled=True)
        st.markdown(f":orange[{plain(reason)}]", width="stretch")
        if on_delete is not None:
            st.button(
                say("dataset_delete"),
                key=f"dataset-damaged-delete-{card.name}",
                icon=":material/delete:",
                type="tertiary",
                on_click=lambda: notices.attempt(on_delete, card.name),
            )
