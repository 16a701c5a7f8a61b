"""The folders in which a model lies already, and which of them counts."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import folded, notices
from pages.parts.shared.services import ask
from pages.parts.shared.wording import language, plain, say
from story_engine import flows
from story_engine.domain.views import FamilyState, ModelPlace
from story_engine.messages import message

_MISSING_SHOWN = 3


def draw(state: FamilyState) -> None:
    """Nothing where there is nothing to say: no folder, or the one that counts and no other."""
    others = [place for place in state.places if not place.counts]
    if not others or not state.is_needed:
        return
    with folded.expander(say("places.title"), key=f"places-{state.name}", note=f"{len(state.places)}"):
        for number, place in enumerate(state.places):
            _draw_place(state, place, number)


def _draw_place(state: FamilyState, place: ModelPlace, number: int) -> None:
    with st.container(
        horizontal=True,
        vertical_alignment="center",
        horizontal_alignment="distribute",
        key=f"place-{state.name}-{number}",
    ):
        kind = "used" if place.counts else "whole" if place.is_whole else "partly"
        color = {"used": "green", "whole": "gray", "partly": "orange"}[kind]
        note = _why_not(place)
        text = f"{plain(str(place.folder))} :{color}-badge[{say(f'places.{kind}')}]"
        st.markdown(f"{text}  \n:small[{plain(note)}]" if note else text, width="stretch")
        if place.is_whole and not place.counts:
            st.button(
                say("places.use"),
                key=f"use-place-{state.name}-{number}",
                type="tertiary",
                on_click=notices.attempt,
                args=(ask(flows.models.choose), state.name, place.folder),
            )


def _why_not(place: ModelPlace) -> str:
    if place.faults:
        return " ".join(message(fault.code, language(), **fault.values) for fault in place.faults)
    if not place.missing:
        return ""
    more = f" … ({len(place.missing)})" if len(place.missing) > _MISSING_SHOWN else ""
    listed = [f"{name} ({say(f'places.file.{state}')})" for name, state in place.missing[:_MISSING_SHOWN]]
    return say("places.without", listed=", ".join(listed) + more)
