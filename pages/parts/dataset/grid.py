"""The pictures with their captions, a page of them at a time. Captions save themselves."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.parts.shared import inputs, notices
from pages.parts.shared.fields import Field
from pages.parts.shared.services import services
from pages.parts.shared.wording import labels, language, plain, say
from story_engine.domain.dataset import DatasetEntry
from story_engine.flows.dataset_view import DatasetView
from story_engine.messages import message

PER_PAGE = 24
SHOWS = ("kept", "dropped", "uncaptioned", "all")


@dataclass(frozen=True, slots=True)
class CaptionField(Field):
    """A caption: `story` is the dataset, `scene` the picture's file."""

    @property
    def key(self) -> str:
        """Of the widget."""
        return f"caption:{self.story}:{self.scene}"

    @property
    def is_of_story(self) -> bool:
        """It lies in a dataset."""
        return False

    def write(self, value: object, seen: object) -> None:
        """Send the caption to the engine."""
        services().captions.edit_caption(
            self.story, self.scene or "", str(value), seen=None if seen is None else str(seen)
        )


def draw(view: DatasetView) -> None:
    """Which pictures, then a page of them."""
    key = f"dataset-show-{view.name}"
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        show = st.segmented_control(
            say("dataset_show"),
            SHOWS,
            format_func=_counted(view).__getitem__,
            key=key,
            default="kept",
            required=True,
            label_visibility="collapsed",
            persist_state="session",
        )
        entries = shown(view, show or "kept")
        page = 1
        if len(entries) > PER_PAGE:
            page = st.pagination(-(-len(entries) // PER_PAGE), key=f"dataset-page-{view.name}-{show}")
    if not entries:
        st.caption(say("dataset_none_shown"))
    start = (page - 1) * PER_PAGE
    grid = st.grid(4, min_column_width=220, gap="medium", key="dataset-grid")
    for entry in entries[start : start + PER_PAGE]:
        with grid.cell():
            _draw_one(view, entry)


def shown(view: DatasetView, show: str) -> tuple[DatasetEntry, ...]:
    """The pictures that one of SHOWS names."""
    if show == "kept":
        return view.kept
    if show == "dropped":
        return tuple(entry for entry in view.dataset.entries if entry.file in view.dropped)
    if show == "uncaptioned":
        return tuple(entry for entry in view.kept if not entry.caption.strip())
    return view.dataset.entries


def _counted(view: DatasetView) -> dict[str, str]:
    return {show: f"{label} {len(shown(view, show))}" for show, label in labels("dataset_show_", SHOWS).items()}


def _draw_one(view: DatasetView, entry: DatasetEntry) -> None:
    dropped = view.dropped.get(entry.file)
    with st.container(key=f"panel-dataset-{entry.file}", gap="xsmall"):
        thumbnail = services().datasets.thumbnail(view.name, entry.file)
        if thumbnail.is_file():
            st.image(str(thumbnail), width="stretch", alt=entry.caption or entry.file)
        else:
            st.caption(f":material/broken_image: {plain(entry.file)}")
        score = view.scores.get(entry.sha256)
        facts = [f"{entry.width} × {entry.height}", *([f"★ {score:z.2f}"] if score is not None else [])]
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.caption(plain(" · ".join(facts)), width="stretch", help=plain(f"{entry.file} · {entry.source}"))
            out = "dataset_take_in" if entry.left_out else "dataset_leave_out"
            st.button(
                say(out),
                key=f"icon-dataset-out-{entry.file}",
                icon=":material/add_circle:" if entry.left_out else ":material/block:",
                type="tertiary",
                help=say(out),
                on_click=notices.attempt,
                args=(services().captions.leave_out, view.name, [entry.file]),
                kwargs={"is_out": not entry.left_out},
            )
        if dropped is not None:
            reason = message(dropped.code, language(), **dropped.values)
            st.caption(f":orange[:material/filter_alt: {plain(reason)}]")
        inputs.text_area(
            CaptionField(view.name, entry.file, "caption"),
            entry.caption,
            label=say("dataset_caption_of", file=plain(entry.file)),
            placeholder=say("dataset_caption_hint"),
            folded_label=True,
        )
