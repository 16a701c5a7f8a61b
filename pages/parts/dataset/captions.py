"""Many captions at once: trigger word, prefix, replace, the same for all; and the way back."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.parts.shared import notices
from pages.parts.shared.services import ask, services
from pages.parts.shared.wording import say
from story_engine import flows
from story_engine.flows.dataset_view import DatasetView

_LONGEST_TRIGGER = 60


def draw(view: DatasetView) -> None:
    """One row of tools; they change the captions of all pictures that are kept."""
    name = view.name
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="dataset-tools"):
        key = f"dataset-trigger-{name}"
        if st.session_state.get(f"{key}-seen") != view.dataset.trigger:
            st.session_state[key] = st.session_state[f"{key}-seen"] = view.dataset.trigger
        st.session_state.setdefault(key, view.dataset.trigger)
        st.text_input(
            say("dataset_trigger"),
            key=key,
            placeholder=say("dataset_trigger_hint"),
            help=say("dataset_trigger_help"),
            max_chars=_LONGEST_TRIGGER,
            on_change=lambda: notices.attempt(ask(flows.dataset_captions.set_trigger), name, st.session_state[key]),
            width=220,
        )
        st.button(
            say("dataset_trigger_front"),
            key="dataset-trigger-front",
            icon=":material/keyboard_tab_rtl:",
            on_click=notices.attempt,
            args=(_tell, ask(flows.dataset_captions.put_trigger_in_front), name),
        )
        with st.popover(say("dataset_bulk"), icon=":material/edit_note:"):
            _draw_bulk(name, len(view.kept))
        st.space("stretch")
        step = view.dataset.undo[-1] if view.dataset.undo else None
        if step is not None:
            st.button(
                say("dataset_undo", what=say(f"dataset_step_{step.action}", n=step.count)),
                key="dataset-undo",
                icon=":material/undo:",
                type="tertiary",
                on_click=notices.attempt,
                args=(services().captions.undo, name),
            )


def _draw_bulk(name: str, count: int) -> None:
    st.caption(say("dataset_bulk_text", n=count))
    prefix = st.text_input(say("dataset_prefix"), key=f"dataset-prefix-{name}")
    _button(
        "dataset_prefix_do", "dataset-prefix-do", lambda: _tell(ask(flows.dataset_captions.prefix), name, prefix or "")
    )
    left, right = st.columns(2)
    find = left.text_input(say("dataset_find"), key=f"dataset-find-{name}")
    by = right.text_input(say("dataset_replace_by"), key=f"dataset-by-{name}")
    _button(
        "dataset_replace_do",
        "dataset-replace-do",
        lambda: _tell(ask(flows.dataset_captions.replace), name, find or "", by or ""),
    )
    same = st.text_input(say("dataset_same"), key=f"dataset-same-{name}", help=say("dataset_same_help"))
    _button("dataset_same_do", "dataset-same-do", lambda: _tell(ask(flows.dataset_captions.set_all), name, same or ""))


def _button(text: str, key: str, action: Callable[[], None]) -> None:
    st.button(say(text), key=key, width="stretch", on_click=notices.attempt, args=(action,))


def _tell(action: Callable[..., int], *args: str) -> None:
    notices.tell("dataset_changed", n=action(*args))
