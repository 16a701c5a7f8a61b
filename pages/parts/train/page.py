"""The training page from top to bottom: the run that is open, or the form for a new one, and the list of all runs."""

from __future__ import annotations

import streamlit as st

from pages.parts.dataset import damaged
from pages.parts.shared import frame, notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import language, say
from pages.parts.train import form as train_form
from pages.parts.train import run as train_run
from pages.parts.train import runs as train_list
from pages.parts.train.fields import NEW
from story_engine import flows
from story_engine.domain.captions import language_of
from story_engine.domain.picture_import import SAMPLE_PICTURES, SAMPLE_STYLES


def draw() -> None:
    """Head, then what is open."""
    runs = flows.train_view.cards(services())
    opened = _opened(tuple(run.id for run in runs))
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title(say("train_title"), anchor=False, width="content")
        if opened != NEW:
            st.button(
                say("train_new"), key="train-new", icon=":material/add:", type="primary", on_click=open_, args=(NEW,)
            )
        elif runs:
            st.button(
                say("train_back"),
                key="train-back",
                icon=":material/arrow_back:",
                type="tertiary",
                on_click=open_,
                args=(runs[0].id,),
            )
    if opened != NEW:
        train_run.draw(opened)
    else:
        _draw_new()
    train_list.draw(runs, opened=opened, on_open=open_)


def open_(run: str) -> None:
    """Show a run, or the form."""
    st.session_state["opened_run"] = run
    st.query_params["run"] = run


def _opened(runs: tuple[str, ...]) -> str:
    """What the address asks for, else what was open last, else the run that was made last."""
    for asked in (st.query_params.get("run"), st.session_state.get("opened_run")):
        if asked == NEW or asked in runs:
            break
    else:
        asked = runs[0] if runs else NEW
    st.session_state["opened_run"] = asked
    if st.query_params.get("run") != asked:
        st.query_params["run"] = asked
    return str(asked)


def _draw_new() -> None:
    cards = flows.dataset_view.cards(services())
    if any(card.damage is None for card in cards):
        train_form.draw(on_start=open_)
    else:
        damaged.draw(cards)
        _draw_welcome()


def _draw_welcome() -> None:
    """There is nothing to train on yet."""
    with st.container(key="card-train-welcome"):
        st.header(say("train_welcome"), anchor=False)
        st.markdown(say("train_welcome_text"))
        with st.container(horizontal=True):
            if st.button(
                say("train_to_datasets"), key="train-to-datasets", icon=":material/photo_library:", type="primary"
            ):
                frame.go("dataset")
            for style in SAMPLE_STYLES:
                st.button(
                    say("train_sample", style=say(f"dataset_style_{style}")),
                    key=f"train-sample-{style}",
                    icon=":material/palette:",
                    on_click=notices.attempt,
                    args=(_start_sample, style),
                )
        st.caption(say("dataset_samples_text", n=SAMPLE_PICTURES))


def _language_of_story() -> str:
    """The language of the story whose scenes will be painted as samples; without one, the reader's own."""
    titles = flows.shelf.titles(services())
    opened = st.session_state.get("opened_story")
    slug = opened if opened in titles else next(iter(titles), None)
    if slug is None:
        return language()
    story = services().stories.load(slug)
    return language_of(scene.prompt for scene in story.scenes) or language()


def _start_sample(style: str) -> None:
    name = services().datasets.create(say(f"dataset_style_{style}"))
    flows.dataset_import.bring_sample(services(), name, style, language=_language_of_story())
