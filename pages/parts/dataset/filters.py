"""Filters: their settings beside the numbers kept and dropped, and every dropped picture with its reason."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from pages.parts.dataset import planned_training
from pages.parts.shared import notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import language, plain, say
from pages.parts.story import toolbar
from story_engine import flows
from story_engine.domain.dataset import MOST_DUPLICATE_BITS, Filters
from story_engine.flows.dataset_view import DatasetView
from story_engine.formats.data_juicer import RATIO, SHAPE
from story_engine.messages import message

PER_PAGE = 24
LARGEST_NUMBER = 2**53 - 1
"""Of a number field; what is above means no bound."""
_BOUNDS = ("min_width", "max_width", "min_height", "max_height")


def draw(view: DatasetView) -> None:
    """Settings on the left, what they do on the right."""
    left, right = st.columns([5, 7], gap="large")
    with left:
        _draw_shape(view)
        _draw_ratio(view)
        _draw_near_duplicates(view)
        _draw_score(view)
    with right:
        _draw_numbers(view)
        _draw_dropped(view)


def _draw_shape(view: DatasetView) -> None:
    shape = view.dataset.filters.shape
    with st.container(key="card-dataset-shape", gap="small"):
        _switch(view, "shape", say("dataset_shape"), shape.is_on, explained=say("dataset_juicer_name", name=SHAPE))
        if shape.is_on:
            columns = st.columns(2)
            for place, bound in enumerate(_BOUNDS):
                value = getattr(shape, bound)
                with columns[place % 2]:
                    _number(view, "shape", bound, None if value > LARGEST_NUMBER else int(value), 0, None, 64)
            side = planned_training.now().side
            small = sum(1 for entry in view.dataset.entries if min(entry.width, entry.height) < side)
            st.caption(say("dataset_shape_text", side=side, small=small, all=len(view.dataset.entries)))


def _draw_ratio(view: DatasetView) -> None:
    ratio = view.dataset.filters.ratio
    with st.container(key="card-dataset-ratio", gap="small"):
        _switch(view, "ratio", say("dataset_ratio"), ratio.is_on, explained=say("dataset_juicer_name", name=RATIO))
        if ratio.is_on:
            columns = st.columns(2)
            for column, bound in zip(columns, ("min_ratio", "max_ratio"), strict=True):
                with column:
                    _number(view, "ratio", bound, float(getattr(ratio, bound)), 0.0, 100.0, 0.1)
            st.caption(say("dataset_ratio_text"))


def _draw_near_duplicates(view: DatasetView) -> None:
    near_duplicates = view.dataset.filters.near_duplicates
    with st.container(key="card-dataset-near-duplicates", gap="small"):
        _switch(view, "near_duplicates", say("dataset_near_duplicates"), near_duplicates.is_on)
        if near_duplicates.is_on:
            _number(view, "near_duplicates", "bits", near_duplicates.bits, 0, MOST_DUPLICATE_BITS, 1)
            st.caption(say("dataset_near_duplicates_text"))


def _draw_score(view: DatasetView) -> None:
    score = view.dataset.filters.score
    with st.container(key="card-dataset-score", gap="small"):
        title = say("dataset_score") if view.is_challenge_scorer else say("dataset_score_preview")
        _switch(view, "score", title, score.is_on)
        if score.is_on:
            _number(view, "score", "min_score", float(score.min_score), 0.0, 10.0, 0.1)
        if not view.is_challenge_scorer:
            st.caption(f":material/info: {say('submit.preview_only')}")
        if view.unscored:
            st.caption(say("dataset_unscored", n=view.unscored))
            st.button(
                say("dataset_score_now"),
                key="dataset-score-now",
                icon=":material/star:",
                on_click=notices.attempt,
                args=(_score, view.name),
            )


def _draw_numbers(view: DatasetView) -> None:
    with st.container(horizontal=True, gap="large", key="dataset-numbers"):
        st.metric(say("dataset_show_kept"), len(view.kept), width="content")
        st.metric(say("dataset_show_dropped"), len(view.dropped), width="content")
    reasons = Counter(dropped.code for dropped in view.dropped.values())
    for code, count in reasons.most_common():
        reason = say(f"dataset_why_{code.rpartition('_')[2]}")
        st.markdown(f"**{count}** · {reason}")


def _draw_dropped(view: DatasetView) -> None:
    entries = [entry for entry in view.dataset.entries if entry.file in view.dropped]
    page = 1
    if len(entries) > PER_PAGE:
        page = st.pagination(-(-len(entries) // PER_PAGE), key=f"dataset-dropped-{view.name}")
    for entry in entries[(page - 1) * PER_PAGE : page * PER_PAGE]:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"dropped-{entry.file}"):
            thumbnail = services().datasets.thumbnail(view.name, entry.file)
            if thumbnail.is_file():
                st.image(str(thumbnail), width=56, alt=entry.file)
            reason = view.dropped[entry.file]
            st.markdown(
                f"**{plain(entry.file)}**  \n{plain(message(reason.code, language(), **reason.values))}",
                width="stretch",
            )


def _switch(view: DatasetView, part: str, label: str, is_on: bool, *, explained: str | None = None) -> None:
    key = f"dataset-filter:{view.name}:{part}:is_on"
    if st.session_state.get(key) != is_on:
        st.session_state[key] = is_on
    st.toggle(label, key=key, help=explained, on_change=notices.attempt, args=(_put, view.name, part, key))


def _number(
    view: DatasetView, part: str, field: str, value: float | None, least: float, most: float | None, step: float
) -> None:
    key = f"dataset-filter:{view.name}:{part}:{field}"
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value
    st.number_input(
        say(f"dataset_{field}"),
        min_value=least,
        max_value=most,
        value=None,
        step=step,
        key=key,
        placeholder=say("dataset_no_bound"),
        on_change=notices.attempt,
        args=(_save, view.name, part, field, key),
    )


def _put(name: str, part: str, key: str) -> None:
    """On or off; on for the first time with bounds that leave out what the planned training has no use for."""
    is_on = bool(st.session_state[key])
    flows.dataset_view.switch_filter(services(), name, part, is_on=is_on, side=planned_training.now().side)


def _save(name: str, part: str, field: str, key: str) -> None:
    """One setting; an empty upper bound is none, an empty lower one the smallest."""
    value = st.session_state[key]
    filters: Filters = flows.dataset_view.view(services(), name).dataset.filters
    section = getattr(filters, part)
    if value is None:
        value = type(section).model_fields[field].default
    changed = filters.model_copy(update={part: section.model_copy(update={field: value})})
    flows.dataset_view.set_filters(services(), name, changed)


def _score(name: str) -> None:
    toolbar.tell_submitted(flows.dataset_score.score(services(), name), what="rescore")
