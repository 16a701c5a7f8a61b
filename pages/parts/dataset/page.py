"""The dataset page from top to bottom."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.parts.dataset import bring, captions, clinic, damaged, export, filters, grid, import_progress
from pages.parts.shared import live, notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import labels, language, say
from story_engine import flows
from story_engine.domain.picture_import import SAMPLE_PICTURES, SAMPLE_STYLES
from story_engine.flows.dataset_view import DatasetView

VIEWS = ("pictures", "filters", "clinic", "bring", "export")
_DRAWN: dict[str, Callable[[DatasetView], None]] = {
    "filters": filters.draw,
    "clinic": clinic.draw,
    "bring": bring.draw,
    "export": export.draw,
}


def draw() -> None:
    """The open dataset, or the way to a first one."""
    cards = flows.dataset_view.cards(services())
    titles = {card.name: card.title for card in cards if card.damage is None}
    names = tuple(titles)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title(say("dataset_title"), anchor=False, width="content")
        _draw_new()
    if not names:
        damaged.draw(cards, on_delete=_delete)
        _draw_welcome()
        return
    name = _opened(names)
    view = flows.dataset_view.view(services(), name)
    _draw_head(name, titles, view)
    damaged.draw(cards, on_delete=_delete)
    import_progress.follow(name)
    live.follow(kinds=("score_dataset",), quiet=True)
    key = f"dataset-view-{name}"
    if key not in st.session_state:
        st.session_state[key] = "pictures" if view.dataset.entries else "bring"
    part = st.segmented_control(
        say("dataset_view"),
        VIEWS,
        format_func=labels("dataset_view_", VIEWS).__getitem__,
        key=key,
        required=True,
        label_visibility="collapsed",
        persist_state="session",
    )
    if part in _DRAWN:
        _DRAWN[part](view)
    elif view.dataset.entries:
        captions.draw(view)
        grid.draw(view)
    else:
        st.caption(say("dataset_empty"))


def _opened(names: tuple[str, ...]) -> str:
    asked = st.query_params.get("dataset") or st.session_state.get("opened_dataset")
    name = asked if asked in names else names[0]
    st.session_state["opened_dataset"] = name
    if st.query_params.get("dataset") != name:
        st.query_params["dataset"] = name
    return name


def _open(name: str | None) -> None:
    if name is None:
        st.session_state.pop("opened_dataset", None)
        st.query_params.pop("dataset", None)
    else:
        st.session_state["opened_dataset"] = name
        st.query_params["dataset"] = name


def _draw_head(name: str, titles: dict[str, str], view: DatasetView) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="dataset-head"):
        if st.session_state.get("dataset-choice") != name:
            st.session_state["dataset-choice"] = name
        st.selectbox(
            say("dataset_choose"),
            tuple(titles),
            format_func=titles.__getitem__,
            key="dataset-choice",
            on_change=lambda: _open(st.session_state["dataset-choice"]),
            label_visibility="collapsed",
            width=280,
        )
        everything = len(view.dataset.entries)
        written = sum(1 for entry in view.kept if entry.caption.strip())
        st.badge(
            say("dataset_kept", kept=len(view.kept), all=everything), icon=":material/photo_library:", color="gray"
        )
        if view.kept:
            st.badge(
                say("dataset_captioned", n=written, all=len(view.kept)),
                icon=":material/subtitles:",
                color="green" if written == len(view.kept) else "orange",
            )
        st.space("stretch")
        st.menu_button(
            say("dataset_more"),
            ("delete",),
            format_func={"delete": say("dataset_delete")}.__getitem__,
            key="icon-dataset-more",
            icon=":material/more_horiz:",
            type="tertiary",
            on_click=lambda: notices.attempt(_delete, name),
        )


def _draw_new() -> None:
    with st.popover(say("dataset_new"), icon=":material/add:", type="primary"):
        st.text_input(say("dataset_name"), key="dataset-new-title", placeholder=say("dataset_name_hint"))
        if st.button(say("dataset_create"), key="dataset-create", type="primary", width="stretch"):
            notices.attempt(_create, st.session_state["dataset-new-title"])
            st.rerun()


def _draw_welcome() -> None:
    with st.container(key="card-dataset-welcome"):
        st.header(say("dataset_welcome"), anchor=False)
        st.markdown(say("dataset_welcome_text"))
        st.markdown(f"**{say('dataset_samples')}**")
        with st.container(horizontal=True):
            for place, style in enumerate(SAMPLE_STYLES):
                st.button(
                    say(f"dataset_style_{style}"),
                    key=f"dataset-start-{style}",
                    icon=":material/palette:",
                    type="primary" if place == 0 else "secondary",
                    on_click=notices.attempt,
                    args=(_start_sample, style),
                )
        st.caption(say("dataset_samples_text", n=SAMPLE_PICTURES))


def _start_sample(style: str) -> None:
    name = services().datasets.create(say(f"dataset_style_{style}"))
    flows.dataset_import.bring_sample(services(), name, style, language=language())
    st.session_state[f"dataset-view-{name}"] = "pictures"
    _open(name)


def _create(title: str) -> None:
    _open(services().datasets.create(title))


def _delete(name: str) -> None:
    title = next((card.title for card in flows.dataset_view.cards(services()) if card.name == name), name)
    token = flows.dataset_import.delete(services(), name)
    _open(None)
    notices.tell("dataset_deleted", undo=notices.Undo(kind="dataset", token=token), title=title)
