"""The story page from top to bottom."""

from __future__ import annotations

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts.shared import frame, groups, headings, live, notices, opened, trouble
from pages.parts.shared.services import services
from pages.parts.shared.wording import language, plain, say
from pages.parts.story import board as board_page
from pages.parts.story import (
    drawers,
    gone,
    head,
    lint,
    look,
    panel_work,
    paste,
    presentation,
    scene_card,
    stand_in,
    toolbar,
)
from story_engine import flows
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
    head.draw(slug, story, board)
    unsaved = st.container()
    for code, values in flows.panels.notices(services(), slug, language(), story):
        st.warning(plain(message(code, language(), **values)), icon=":material/healing:")
    drawers.draw(slug, story)
    lint.draw(slug, story)
    paste.draw(slug, story)
    banner, view = toolbar.draw(slug, story, board)
    with banner:
        stand_in.draw(slug, story)
    progress = st.container()
    slots: dict[str, DeltaGenerator] = {}
    works: dict[str, DeltaGenerator] = {}
    if view == "board":
        presentation.draw(now)
        slots, works = board_page.draw(story, board)
    else:
        family = flows.resolved_text.reading_family(services(), story)
        for position, panel in enumerate(board.panels):
            sent = flows.resolved_text.resolved_text(services(), story, panel.scene.id, family)
            slots[panel.scene.id], works[panel.scene.id] = scene_card.draw(slug, story, panel, sent, position)
        toolbar.draw_add_scene(slug, story)
        groups.draw({f"card-{scene.id}": headings.scene_name(scene, n) for n, scene in enumerate(story.scenes)})
    with unsaved:
        trouble.show_homeless(slug)
    with progress:
        live.draw_failure(slug)
        live.follow(story=slug, slots=slots, quiet=True, also=partial(panel_work.draw, slug, works))
    look.draw(now, beside_panels=view != "board")


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
        notices.attempt(services().start_dispatcher)
