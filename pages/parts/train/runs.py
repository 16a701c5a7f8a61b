"""All trainings with their states, and the way to each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from pages.parts.shared import notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import plain, say
from story_engine import flows
from story_engine.flows.train_view import RunCard

ICONS = {
    "prepared": ":gray[:material/radio_button_unchecked:]",
    "queued": ":gray[:material/hourglass_empty:]",
    "running": ":blue[:material/model_training:]",
    "stopped": ":gray[:material/pause_circle:]",
    "finished": ":green[:material/check_circle:]",
    "failed": ":red[:material/error:]",
    "interrupted": ":orange[:material/bolt:]",
}


def draw(runs: Sequence[RunCard], *, opened: str, on_open: Callable[[str], None]) -> None:
    """Every run that is not open."""
    others = [run for run in runs if run.id != opened]
    if not others:
        return
    st.header(say("train_runs"), anchor=False)
    for run in others:
        with st.container(horizontal=True, vertical_alignment="center", key=f"run-{run.id}"):
            st.markdown(f"{ICONS[run.state]} **{plain(run.name)}**  \n{plain(about(run))}", width="stretch")
            if run.spec is not None:
                st.button(
                    say("train_open"), key=f"train-open-{run.id}", type="tertiary", on_click=on_open, args=(run.id,)
                )
            if not run.is_active:
                st.button(
                    say("train_delete"),
                    key=f"icon-train-delete-{run.id}",
                    icon=":material/delete:",
                    type="tertiary",
                    on_click=notices.attempt,
                    args=(delete, run),
                )


def about(run: RunCard) -> str:
    """State, how far, what it trains."""
    parts = [say(f"train_state_{run.state}")]
    if run.run is not None and run.run.total:
        parts.append(f"{run.run.step} / {run.run.total}")
    if run.spec is not None:
        parts.append(run.spec.dataset)
    return " · ".join(parts)


def delete(run: RunCard) -> None:
    """Into the trash, with the way back."""
    token = flows.train.delete(services(), run.id)
    if st.session_state.get("opened_run") == run.id:
        st.session_state.pop("opened_run", None)
        st.query_params.pop("run", None)
    notices.tell("train_deleted", undo=notices.Undo(kind="run", token=token), name=run.name)
