"""What is done with all scenes at once, which view of the story is open, and how it is laid out."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import fields, notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import labels, say
from pages.parts.story import contest
from story_engine import flows
from story_engine.domain.board import Board
from story_engine.domain.desk import FOLDED, LAYOUTS, Desk
from story_engine.domain.story import MOST_SCENES, Story
from story_engine.domain.views import Submitted
from story_engine.errors import StandInNeeded

VIEWS = ("scenes", "board")
MOST_TAKES_AT_ONCE = 8


def draw(slug: str, board: Board, story: Story, desk: Desk) -> str:
    """The buttons of the bar; returns the open view."""
    # In the page body and the only button with this shortcut: so the text being typed goes along with it.
    # A callback, because a run that another click interrupts may never reach the lines after a button.
    st.button(
        say("toolbar.render"),
        key="render-all",
        type="primary",
        icon=":material/brush:",
        shortcut="Ctrl+Enter",
        help=say("toolbar.render_hint"),
        on_click=lambda: notices.attempt(render, slug, takes=int(st.session_state.get(f"takes-{slug}", 1))),
    )
    empty = [panel.scene.id for panel in board.missing]
    if 0 < len(empty) < len(board.panels):
        st.button(
            say("toolbar.missing", n=len(empty)),
            key="render-missing",
            on_click=lambda: notices.attempt(render, slug, scenes=empty),
        )
    with st.popover(say("toolbar.more"), type="tertiary"):
        _draw_more(slug, story)
        _draw_desk(desk)
    view = st.segmented_control(
        say("toolbar.view"),
        VIEWS,
        format_func=labels("toolbar.view_", VIEWS).__getitem__,
        default="scenes",
        key=f"view-{slug}",
        required=True,
        label_visibility="collapsed",
        persist_state="session",
    )
    return view or "scenes"


def _draw_more(slug: str, story: Story) -> None:
    st.number_input(
        say("toolbar.takes"),
        min_value=1,
        max_value=MOST_TAKES_AT_ONCE,
        key=f"takes-{slug}",
        help=say("toolbar.takes_hint"),
        persist_state="session",
    )
    st.button(
        say("toolbar.rescore"),
        key="rescore",
        icon=":material/star:",
        width="stretch",
        on_click=notices.attempt,
        args=(rescore, slug),
    )
    st.button(
        say("contest.begin_all", takes=contest.USUAL),
        key="begin-contests",
        icon=":material/filter_alt:",
        width="stretch",
        help=say("contest.begin_hint"),
        on_click=notices.attempt,
        args=(contest.begin, slug, None, contest.USUAL),
    )
    if any(story.loras_of(scene) for scene in story.scenes):
        st.button(
            say("lora.without_all"),
            key="render-without-loras",
            icon=":material/layers_clear:",
            width="stretch",
            help=say("lora.without_help"),
            on_click=lambda: notices.attempt(
                render, slug, takes=int(st.session_state.get(f"takes-{slug}", 1)), without_loras=True
            ),
        )


def _draw_desk(desk: Desk) -> None:
    """How the scenes are laid out: remembered for every story."""
    st.session_state["desk-layout"], st.session_state["desk-shown"] = desk.scenes, list(desk.shown)
    st.segmented_control(
        say("desk.layout"),
        LAYOUTS,
        format_func=labels("desk.layout_", LAYOUTS).__getitem__,
        key="desk-layout",
        required=True,
        on_change=notices.attempt,
        args=(_remember_desk,),
    )
    if desk.scenes == "dense":
        st.pills(
            say("desk.shown"),
            FOLDED,
            format_func=labels("desk.", FOLDED).__getitem__,
            selection_mode="multi",
            key="desk-shown",
            help=say("desk.shown_hint"),
            on_change=notices.attempt,
            args=(_remember_desk,),
        )


def _remember_desk() -> None:
    shown = st.session_state.get("desk-shown", services().desk.read().shown)
    ordered = tuple(name for name in FOLDED if name in shown)
    services().desk.write(Desk(scenes=st.session_state["desk-layout"], shown=ordered))


def draw_add_scene(slug: str, story: Story) -> None:
    """After the last scene."""
    if len(story.scenes) < MOST_SCENES:
        st.button(
            say("scene.add"),
            key="add-scene",
            icon=":material/add:",
            type="tertiary",
            on_click=notices.attempt,
            args=(services().stories.add_scene, slug),
        )


def render(slug: str, *, scenes: list[str] | None = None, takes: int = 1, without_loras: bool = False) -> None:
    """Ask for pictures and say what became of it. The choice of a stand-in is asked for by its banner."""
    fields.save_all()
    try:
        submitted = flows.queue.render(services(), slug, scenes=scenes, takes=takes, without_loras=without_loras)
        tell_submitted(submitted, what="render")
    except StandInNeeded:
        notices.tell("stand_in.first")


def rescore(slug: str) -> None:
    """Ask for scores and say what became of it."""
    tell_submitted(flows.queue.rescore(services(), slug), what="rescore")


def tell_submitted(submitted: Submitted, *, what: str) -> None:
    """Only what a person would not see anyway: that nothing had to be done."""
    if submitted.queued == 0:
        notices.tell(f"done.{what}_nothing", found=submitted.found)
