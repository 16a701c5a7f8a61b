"""The gate: the mean of the chosen panels against the challenge's threshold."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import notices
from pages.parts.shared.services import ask, services
from pages.parts.shared.wording import say, signed
from pages.parts.story import head
from story_engine import flows
from story_engine.domain.board import OpenStory
from story_engine.domain.views import GateView

HIGHEST_SCORE = 10.0


def draw(now: OpenStory) -> GateView:
    """The figure and where it has to be."""
    with st.container(key="card-gate", gap="small"):
        row = st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute")
        threshold = row.empty()
        key = "gate_threshold"
        value = threshold.number_input(
            say("submit.threshold"),
            value=head.threshold(),
            min_value=0.0,
            max_value=HIGHEST_SCORE,
            step=0.1,
            format="%.1f",
            key=key,
            on_change=lambda: st.session_state.__setitem__("gate_chosen", st.session_state[key]),
            width=150,
            help=say("submit.threshold_hint"),
        )
        gate = flows.export.gate_view(services(), now, threshold=float(value))
        with row:
            st.metric(
                say("submit.mean") if gate.is_challenge else say("submit.mean_preview"),
                f"{gate.mean:z.2f}" if gate.mean is not None else "–",
                delta=signed(gate.distance) if gate.distance is not None else None,
                width="content",
            )
            if gate.scored < gate.panels - len(now.board.missing):
                st.button(
                    say("toolbar.rescore"),
                    key="submit-rescore",
                    icon=":material/star:",
                    on_click=notices.attempt,
                    args=(ask(flows.queue.rescore), now.slug),
                )
        if not gate.is_challenge:
            st.caption(f":material/info: {say('submit.preview_only')}")
    return gate
