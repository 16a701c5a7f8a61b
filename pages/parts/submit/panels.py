"""The panels' scores, and which of them drags the mean."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import lightbox
from pages.parts.shared.wording import plain, say, signed
from pages.parts.story.panel_picture import jpeg
from pages.parts.submit.gate import HIGHEST_SCORE
from story_engine.domain.board import Board
from story_engine.domain.views import GateView

LEAST_PULL = 0.005
"""What would be written as 0.00 is not worth a word."""


def draw(board: Board, gate: GateView) -> None:
    """One bar per panel, with what the mean would be without it."""
    st.header(say("submit.panels"), anchor=False)
    worst = min((pull for pull in gate.pulls if pull is not None), default=None)
    for number, (panel, value, pull) in enumerate(zip(board.panels, gate.values, gate.pulls, strict=True), start=1):
        name = plain(panel.scene.title or say("scene.number", n=number))
        with st.container(horizontal=True, vertical_alignment="center", key=f"bar-{panel.scene.id}", gap="small"):
            if panel.chosen is not None:
                with st.container(key=f"seen-{panel.scene.id}", width=44):
                    st.image(
                        jpeg(panel.chosen.thumbnail), width=44, alt=say("panel.picture_of", name=panel.scene.title)
                    )
                    lightbox.opener(panel.scene.id, say("lightbox.open", name=name))
            if value is None:
                reason = "submit.no_picture" if panel.chosen is None else "submit.no_score"
                st.progress(0.0, text=f"{number}. {name} · {say(reason)}")
                continue
            text = f"{number}. {name} · **{value:z.2f}**"
            if pull is not None and pull == worst and pull <= -LEAST_PULL:
                text += f" · :orange[{say('submit.drags', pull=signed(pull))}]"
            elif pull is not None and abs(pull) >= LEAST_PULL:
                text += f" · {signed(pull)}"
            st.progress(min(1.0, max(0.0, value / HIGHEST_SCORE)), text=text)
