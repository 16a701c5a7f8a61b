"""How much of the story page a click draws again: one panel and the line over the board, or everything.

A panel's picture, its takes and its pin are fragments of one name. What is inside them draws only itself again unless
its callback says more, so every callback there goes through `panel` or `whole`. Fields of text stay outside: leaving
one inside a fragment for a button outside of it loses that click.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.errors import StreamlitAPIException

from pages.parts.shared import notices, typing
from pages.parts.shared.services import services
from story_engine import flows
from story_engine.domain.board import Board, OpenStory, Panel
from story_engine.domain.story import Story
from story_engine.errors import StudioError

FACTS = "story-facts"
NOTICES = "notices"


def panel(slug: str, scene: str, action: Callable[..., object], *args: object) -> None:
    """Run `action` (for `on_click`), which changes what one panel shows and nothing that is typed."""
    notices.attempt(action, *args)
    done_to_panel(slug, scene)


def done_to_panel(slug: str, scene: str, *parts: str) -> None:
    """As `panel`, once the action has been done; draw other `parts` of the page again, too."""
    if st.session_state.get(f"drawer-{slug}") == "history":
        st.rerun()  # the drawer lists what has just been done
    _only([_name(slug, scene), FACTS, NOTICES, typing.NAME, *parts])


def whole(action: Callable[..., object], *args: object) -> None:
    """Run `action` (for `on_click`) and draw the whole page again."""
    notices.attempt(action, *args)
    st.rerun()


def part_of_panel(slug: str, story: Story, panel: Panel, draw: Callable[[Story, Panel], None]) -> None:
    """Draw something of a panel that can be drawn again by itself, and then shows what is on disk by then."""
    given = [(story, panel)]

    @st.fragment(key=_name(slug, panel.scene.id))
    def part() -> None:
        with notices.shown_here():
            draw(*(given.pop() if given else _now(slug, panel.scene.id)))

    part()


def part_of_head(slug: str, board: Board, draw: Callable[[Board], None]) -> None:
    """Draw what sums up the board."""
    given = [board]

    @st.fragment(key=FACTS)
    def part() -> None:
        with notices.shown_here():
            draw(given.pop() if given else _open(slug).board)

    part()


def _now(slug: str, scene: str) -> tuple[Story, Panel]:
    now = _open(slug)
    found = next((panel for panel in now.board.panels if panel.scene.id == scene), None)
    if found is None:
        st.rerun()
    return now.story, found


def _open(slug: str) -> OpenStory:
    try:
        return flows.panels.open_story(services(), slug)
    except StudioError:
        st.rerun()  # the story has gone or is damaged: the page as a whole says so


def _name(slug: str, scene: str) -> str:
    return f"panel:{slug}:{scene}"


def _only(names: Sequence[str]) -> None:
    try:
        st.rerun(names)
    except StreamlitAPIException:
        st.rerun()  # the last run was interrupted before it had drawn them all
