"""Filters: their settings beside the numbers kept and dropped, and every dropped picture with its reason."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from pages.parts.shared import notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import language, plain, say
from pages.parts.story import toolbar
from story_engine import flows
from story_engine.domain.dataset import MOST_DUPLICATE_BITS, Filters
from story_engine.flows.dataset_view import DatasetLook
from story_engine.messages import message

PER_PAGE = 24
LARGEST_NUMBER = 2**53 - 1
"""Of a number field; what is above means no bound."""
_BOUNDS = ("min_width", "max_width", "min_height", "max_height")


def draw(look: DatasetLook) -> None:
    """Settings on the left, what they do on the right."""
    left, right = st.columns([5, 7], gap="large")
    with left:
        _draw_shape(look)
        _draw_ratio(look)
        _draw_near_duplicates(look)
        _draw_score(look)
    with right:
        _draw_numbers(look)
        _draw_dropped(look)


def _draw_shape(look: DatasetLook) -> None:
    shape = look.dataset.filters.shape
    with st.container(key="card-dataset-shape", gap="small"):
        _switch(look, "shape", "image_shape_filter", shape.is_on)
        if shape.is_on:
            columns = st.columns(2)
            for place, bound in enumerate(_BOUNDS):
                value = getattr(shape, bound)
                with columns[place % 2]:
                    _number(look, "shape", bound, None if value > LARGEST_NUMBER else int(value), 0, None, 64)
            st.caption(say("dataset_shape_text"))


def _draw_ratio(look: DatasetLook) -> None:
    ratio = look.dataset.filters.ratio
    with st.container(key="card-dataset-ratio", gap="small"):
        _switch(look, "ratio", "image_aspect_ratio_filter", ratio.is_on)
        if ratio.is_on:
            columns = st.columns(2)
            for column, bound in zip(columns, ("min_ratio", "max_ratio"), strict=True):
                with column:
                    _number(look, "ratio", bound, float(getattr(ratio, bound)), 0.0, 100.0, 0.1)
            st.caption(say("dataset_ratio_text"))


def _draw_near_duplicates(look: DatasetLook) -> None:
    near_duplicates = look.dataset.filters.near_duplicates
    with st.container(key="card-dataset-near-duplicates", gap="small"):
        _switch(look, "near_duplicates", say("dataset_near_duplicates"), near_duplicates.is_on)
        if near_duplicates.is_on:
            _number(look, "near_duplicates", "bits", near_duplicates.bits, 0, MOST_DUPLICATE_BITS, 1)
            st.caption(say("dataset_near_duplicates_text"))


def _draw_score(look: DatasetLook) -> None:
    score = look.dataset.filters.score
    with st.container(key="card-dataset-score", gap="small"):
        title = say("dataset_score") if look.is_challenge_scorer else say("dataset_score_preview")
        _switch(look, "score", title, score.is_on)
        if score.is_on:
            _number(look, "score", "min_score", float(score.min_score), 0.0, 10.0, 0.1)
        if not look.is_challenge_scorer:
            st.caption(f":material/info: {say('submit.preview_only')}")
        if look.unscored:
            st.caption(say("dataset_unscored", n=look.unscored))
            st.button(
                say("dataset_score_now"),
                key="dataset-score-now",
                icon=":material/star:",
                on_click=notices.attempt,
                args=(_score, look.name),
            )


def _draw_numbers(look: DatasetLook) -> None:
    with st.container(horizontal=True, gap="large", key="dataset-numbers"):
        st.metric(say("dataset_show_kept"), len(look.kept), width="content")
        st.metric(say("dataset_show_dropped"), len(look.dropped), width="content")
    reasons = Counter(dropped.code for dropped in look.dropped.values())
    for code, count in reasons.most_common():
        reason = say(f"dataset_why_{code.rpartition('_')[2]}")
        st.markdown(f"**{count}** · {reason}")


def _draw_dropped(look: DatasetLook) -> None:
    entries = [entry for entry in look.dataset.entries if entry.file in look.dropped]
    page = 1
    if len(entries) > PER_PAGE:
        page = st.pagination(-(-len(entries) // PER_PAGE), key=f"dataset-dropped-{look.name}")
    for entry in entries[(page - 1) * PER_PAGE : page * PER_PAGE]:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"dropped-{entry.file}"):
            thumbnail = services().datasets.thumbnail(look.name, entry.file)
            if thumbnail.is_file():
                st.image(str(thumbnail), width=56, alt=entry.file)
            reason = look.dropped[entry.file]
            st.markdown(
                f"**{plain(entry.file)}**  \n{plain(message(reason.code, language(), **reason.values))}",
                width="stretch",
            )


def _switch(look: DatasetLook, part: str, label: str, is_on: bool) -> None:
    key = f"dataset-filter:{look.name}:{part}:is_on"
    if st.session_state.get(key) != is_on:
        st.session_state[key] = is_on
    st.toggle(label, key=key, on_change=notices.attempt, args=(_save, look.name, part, "is_on", key))


def _number(
    look: DatasetLook, part: str, field: str, value: float | None, least: float, most: float | None, step: float
) -> None:
    key = f"dataset-filter:{look.name}:{part}:{field}"
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
        args=(_save, look.name, part, field, key),
    )


def _save(name: str, part: str, field: str, key: str) -> None:
    """One setting; an empty upper bound is none, an empty lower one the smallest."""
    value = st.session_state[key]
    filters: Filters = flows.dataset_view.look(services(), name).dataset.filters
    section = getattr(filters, part)
    if value is None:
        value = type(section).model_fields[field].default
    changed = filters.model_copy(update={part: section.model_copy(update={field: value})})
    flows.dataset_view.set_filters(services(), name, changed)


def _score(name: str) -> None:
    toolbar.tell_submitted(flows.dataset_score.score(services(), name), what="rescore")
