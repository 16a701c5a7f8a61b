"""The story page from top to bottom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts.shared import frame, groups, headings, live, notices, opened, trouble
from pages.parts.shared.services import services
from pages.parts.shared.wording import language, plain, say
from pages.parts.story import board as board_page
from pages.parts.story import (
    completion,
    drawers,
    gone,
    head,
    lint,
    look,
    mend,
    more_takes,
    panel_work,
    paste,
    presentation,
    redraw,
    scene_card,
    sketch,
    stand_in,
    strip,
    toolbar,
)
from story_engine import flows
from story_engine.domain.board import Board
from story_engine.domain.job import JobView
from story_engine.domain.story import Story
from story_engine.errors import ChooseAnother
from story_engine.messages import message


def draw() -> None:
    """The open story, or the way to one."""
    slug = opened.slug()
    if slug is None:
        choose("story")
        return
    if st.query_params.get("story") != slug:
        st.query_params["story"] = slug
    _warm_up()
    try:
        now = flows.panels.open_story(services(), slug)
    except ChooseAnother as error:
        gone.draw(slug, error)
        return
    story, board = now.story, now.board
    gone.remember(slug, story)
    headings.unseen_title(story.title or say("home.untitled"), key=f"title-{slug}")
    desk = services().desk.read()
    with st.container(key="bar", gap=None):
        with st.container(key="bar-row", horizontal=True, vertical_alignment="center", gap="small"):
            head.draw_title(slug, story)
            view = toolbar.draw(slug, board, story, desk)
        progress = st.container(key="bar-strip")
    unsaved = st.container()
    # Each in a place of its own: what comes or goes would make new widgets of all that stand below it, and whoever is
    # writing in one would be thrown out of the word.
    for part in (
        lambda: _draw_notices(slug, story),
        lambda: drawers.draw(slug, story, partial(head.draw_facts, slug, story, board)),
        lambda: lint.draw(slug, story),
        lambda: head.draw_outdated(slug, board),
        lambda: paste.draw(slug, story),
        lambda: stand_in.draw(slug, story),
    ):
        with st.container():
            part()
    failed = st.container()
    slots: dict[str, DeltaGenerator] = {}
    works: dict[str, DeltaGenerator] = {}
    if view == "board":
        presentation.draw(now)
        slots, works = board_page.draw(story, board)
    else:
        family = flows.resolved_text.reading_family(services(), story)
        with st.container(key=f"scenes-{desk.scenes}", gap="small"):
            for position, panel in enumerate(board.panels):
                sent = flows.resolved_text.resolved_text(services(), story, panel.scene.id, family)
                slots[panel.scene.id], works[panel.scene.id] = scene_card.draw(slug, story, panel, sent, position, desk)
        toolbar.draw_add_scene(slug, story)
        more_takes.style()
        completion.draw(slug, story)
        groups.draw({f"card-{scene.id}": headings.scene_name(scene, n) for n, scene in enumerate(story.scenes)})
    with unsaved:
        trouble.show_homeless(slug)
    with failed:
        live.draw_failure(slug)
    with progress:
        live.follow(story=slug, slots=slots, quiet=True, also=_follow_panels(slug, board, works))
    look.draw(now, beside_panels=view != "board")
    mend.draw(slug)
    sketch.draw(slug, story)


def _draw_notices(slug: str, story: Story) -> None:
    for code, values in flows.panels.notices(services(), slug, language(), story):
        st.warning(plain(message(code, language(), **values)), icon=":material/healing:")


def _follow_panels(
    slug: str, board: Board, works: Mapping[str, DeltaGenerator]
) -> Callable[[tuple[JobView, ...]], None]:
    """What is drawn at every look at the jobs: the strip of all panels, and each panel's own state."""
    given = [board]

    def draw(active: tuple[JobView, ...]) -> None:
        doing = panel_work.read(slug, active)
        strip.draw(slug, given.pop() if given else redraw.open_now(slug).board, doing)
        if active:
            panel_work.draw(works, doing)

    return draw


def choose(page: str) -> None:
    """No story is open: offer those on the shelf."""
    st.title(say(f"nav.{page}"), anchor=False)
    titles = flows.shelf.titles(services())
    st.markdown(say("story.choose") if titles else say("story.none_yet"))
    with st.container(horizontal=True):
        for slug, title in titles.items():
            if st.button(plain(title) or say("home.untitled"), key=f"choose-{slug}"):
                frame.go(page, story=slug)
        if not titles and st.button(say("nav.home"), icon=":material/auto_stories:", type="primary"):
            frame.go("home")


def _warm_up() -> None:
    """The dispatcher starts with the first look at a story, so that the first render does not wait for it."""
    if not st.session_state.get("warmed_up"):
        st.session_state["warmed_up"] = True
        with notices.shown_here():  # what has been told on the way here stays to be read
            services().start_dispatcher()
