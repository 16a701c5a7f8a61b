"""The comic page: its layout, how it looks, and its files."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.parts.shared import notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import labels, language, plain, say
from story_engine import flows
from story_engine.domain.board import OpenStory
from story_engine.domain.comic import CAPTIONS, LAYOUTS, MOST_PER_PAGE, PAPERS, ComicOptions
from story_engine.messages import message

_SWITCHES = ("title", "scene_titles", "bubbles", "vertical", "landscape", "system_fonts")


def draw(now: OpenStory) -> None:
    """Folded away until somebody wants it: a page at print size takes a second to draw."""
    if all(panel.chosen is None for panel in now.board.panels):
        return
    slug = now.slug
    with st.expander(
        say("comic.heading"), icon=":material/auto_stories:", key=f"comic-{slug}", on_change="rerun"
    ) as folded:
        if folded.open:
            _draw_open(now)


@st.fragment
def _draw_open(now: OpenStory) -> None:
    with notices.shown_here():
        slug = now.slug
        options = flows.comic.options(services(), slug)
        _draw_options(slug, options)
        comic = flows.comic.lay_out(services(), now, options)
        for finding in comic.findings:
            st.warning(plain(message(finding.code, language(), **finding.values)), icon=":material/warning:")
        page = 1
        if len(comic.pages) > 1:
            page = st.segmented_control(
                say("comic.page"),
                range(1, len(comic.pages) + 1),
                default=1,
                required=True,
                key=f"comic-page-{slug}-{len(comic.pages)}",
            )
        st.image(_preview(repr(comic.pages[page - 1]), comic, page), width="stretch", alt=say("comic.alt", n=page))
        with st.container(horizontal=True, gap="small"):
            st.download_button(
                say("comic.pdf"),
                data=partial(flows.comic.pdf, comic),
                file_name=f"{slug}.pdf",
                mime="application/pdf",
                key=f"comic-pdf-{slug}",
                icon=":material/picture_as_pdf:",
                on_click="ignore",
            )
            st.download_button(
                say("comic.png") if len(comic.pages) == 1 else say("comic.png_page", n=page),
                data=partial(flows.comic.png, comic, page),
                file_name=f"{slug}.png" if len(comic.pages) == 1 else f"{slug}-{page:02d}.png",
                mime="image/png",
                key=f"comic-png-{slug}",
                icon=":material/image:",
                on_click="ignore",
            )


def _draw_options(slug: str, options: ComicOptions) -> None:
    left, middle, right = st.columns(3, gap="small")
    for column, name, known in ((left, "layout", LAYOUTS), (middle, "captions", CAPTIONS), (right, "paper", PAPERS)):
        key = _in_step(slug, options, name)
        column.selectbox(
            say(f"comic.{name}"),
            known,
            format_func=labels(f"comic.{name}_", known).__getitem__,
            key=key,
            on_change=_changed,
            args=(slug, name),
        )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.number_input(
            say("comic.per_page"),
            min_value=1,
            max_value=MOST_PER_PAGE,
            step=1,
            placeholder=say("comic.per_page_hint"),
            key=_in_step(slug, options, "per_page"),
            on_change=_changed,
            args=(slug, "per_page"),
            width=170,
        )
        for name in _SWITCHES:
            st.checkbox(
                say(f"comic.{name}"),
                key=_in_step(slug, options, name),
                on_change=_changed,
                args=(slug, name),
                help=say("comic.system_fonts_hint") if name == "system_fonts" else None,
            )


def _in_step(slug: str, options: ComicOptions, name: str) -> str:
    """The key of an option's widget, which shows what is on disk."""
    key = f"comic-{name}-{slug}"
    value = getattr(options, name)
    if st.session_state.get(key, ...) != value:
        st.session_state[key] = value
    return key


def _changed(slug: str, name: str) -> None:
    notices.attempt(partial(flows.comic.choose, services(), slug), **{name: st.session_state[f"comic-{name}-{slug}"]})


@st.cache_data(max_entries=12, show_spinner=False)
def _preview(drawn: str, _comic: flows.comic.LaidOut, page: int) -> bytes:
    """A page by all that is drawn on it; a take's picture never changes under its name."""
    del drawn
    return flows.comic.preview(_comic, page)
