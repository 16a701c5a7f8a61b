"""How much of the story page a click draws again: one panel and the line over the board, or everything.

A panel's picture, its takes and its pin are fragments of one name. What is inside them draws only itself again unless
its callback says more, so every callback there goes through `panel` or `whole`. Fields of text stay outside: leaving
one inside a fragment for a button outside of it loses that click.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import cast

import streamlit as st
from streamlit.errors import StreamlitAPIException

from pages.parts.shared import live, notices, typing
from pages.parts.shared.services import services
from story_engine import flows
from story_engine.domain.board import Board, OpenStory, Panel
from story_engine.domain.story import Story
from story_engine.errors import StudioError

FACTS = "story-facts"
OUTDATED = "story-outdated"
NOTICES = "notices"
_LOOKED = "redraw_looked"
_FRESH_SECONDS = 0.5
"""The parts that one click draws again are drawn within this time from one look at the disk; later ones look again."""


def panel(slug: str, scene: str, action: Callable[..., object], *args: object) -> None:
    """Run `action` (for `on_click`), which changes what one panel shows and nothing that is typed."""
    notices.attempt(action, *args)
    done_to_panel(slug, scene)


def done_to_panel(slug: str, scene: str, *parts: str) -> None:
    """As `panel`, once the action has been done; draw other `parts` of the page again, too."""
    if st.session_state.get(f"drawer-{slug}") == "history":
        st.rerun()  # the drawer lists what has just been done
    _look_once(slug)
    _only([_name(slug, scene), FACTS, OUTDATED, NOTICES, live.LIVE, typing.NAME, *parts])


def whole(action: Callable[..., object], *args: object, **values: object) -> None:
    """Run `action` (for `on_click`) and draw the whole page again."""
    notices.attempt(action, *args, **values)
    st.rerun()


def part_of_panel(slug: str, story: Story, panel: Panel, draw: Callable[[Story, Panel], None]) -> None:
    """Draw something of a panel that can be drawn again by itself, and then shows what is on disk by then."""
    given = [(story, panel)]

    @st.fragment(key=_name(slug, panel.scene.id))
    def part() -> None:
        with notices.shown_here():
            draw(*(given.pop() if given else _now(slug, panel.scene.id)))

    part()


def part_of_head(slug: str, board: Board, draw: Callable[[Board], None], *, name: str) -> None:
    """Draw something that sums up the board, under the name FACTS or OUTDATED."""
    given = [board]

    @st.fragment(key=name)
    def part() -> None:
        with notices.shown_here():
            draw(given.pop() if given else open_now(slug).board)

    part()


def open_now(slug: str) -> OpenStory:
    """The story as it is; a story that cannot be opened any more draws the whole page again, which says why."""
    looked = st.session_state.get(_LOOKED)
    if looked is not None and looked[0] == slug and time.monotonic() - looked[1] < _FRESH_SECONDS:
        return cast(OpenStory, looked[2])
    try:
        return flows.panels.open_story(services(), slug)
    except StudioError:
        st.rerun()


def _now(slug: str, scene: str) -> tuple[Story, Panel]:
    now = open_now(slug)
    found = next((panel for panel in now.board.panels if panel.scene.id == scene), None)
    if found is None:
        st.rerun()
    return now.story, found


def _look_once(slug: str) -> None:
    """For all parts that a click draws again: each would read 160 takes otherwise."""
    st.session_state.pop(_LOOKED, None)
    st.session_state[_LOOKED] = (slug, time.monotonic(), open_now(slug))


def _name(slug: str, scene: str) -> str:
    return f"panel:{slug}:{scene}"


def _only(names: Sequence[str]) -> None:
    try:
        st.rerun(names)
    except StreamlitAPIException:
        st.rerun()  # the last run was interrupted before it had drawn them all
