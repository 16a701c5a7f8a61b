"""The panels in reading order with their captions, as the judges will see them."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts.shared.wording import plain, say
from pages.parts.story import panel_picture, panel_work
from story_engine.domain.board import Board
from story_engine.domain.story import Story


def draw(story: Story, board: Board) -> tuple[dict[str, DeltaGenerator], dict[str, DeltaGenerator]]:
    """Four columns on a desk, two on a phone; returns the slots of pictures and of work, by scene id."""
    slots, works = {}, {}
    with st.container(key="board-page"):
        if story.title:
            st.header(plain(story.title), anchor=False, text_alignment="center")
        grid = st.grid(4, min_column_width=150, gap=14, key="board-grid")
        for position, panel in enumerate(board.panels, start=1):
            with grid.cell():
                name = panel.scene.title or say("scene.number", n=position)
                with panel_picture.frame(panel):
                    slots[panel.scene.id] = panel_picture.slot(panel)
                    works[panel.scene.id] = panel_work.slot(panel.scene.id)
                    panel_picture.draw(panel, name=name, badges=False)
                st.markdown(plain(panel.scene.caption or panel.scene.title) or f"{position}")
    return slots, works
