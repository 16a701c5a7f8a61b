"""Many takes begin and the best are finished: how it is asked for, and what it has stopped."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import fields, notices
from pages.parts.shared.live import reason
from pages.parts.shared.services import services
from pages.parts.shared.wording import plain, say
from pages.parts.story import redraw
from story_engine import flows
from story_engine.domain.contest import StoppedTake
from story_engine.errors import StandInNeeded

BEGUN = {4: 1, 8: 1, 16: 2}
"""How many begin → how many of them are finished."""
USUAL = flows.contest.USUAL_TAKES
_MOST_SHOWN = 24
_WORDS = 230
"""Pixels: beside a small picture it fits into a phone's width."""


def offered(takes: int) -> str:
    """What a menu calls a contest of so many takes."""
    return say("contest.begin", takes=takes, keep=BEGUN[takes])


def begin(slug: str, scene: str | None, takes: int) -> None:
    """Let so many takes of a scene begin, or of every scene that can (None)."""
    fields.save_all()
    chosen = None if scene is None else [scene]
    try:
        flows.contest.begin(services(), slug, scenes=chosen, takes=takes, keep=BEGUN[takes])
    except StandInNeeded:
        notices.tell("stand_in.first")


def draw_stopped(slug: str, scene: str) -> None:
    """What contests have stopped for a scene, each with its reason; nothing where they have stopped nothing."""
    count = services().stopped_takes.count(slug, scene)
    if not count:
        return
    with st.container(key=f"stopped-line-{scene}", horizontal=True, vertical_alignment="center", gap="xxsmall"):
        # Its words never change: with another label it is another popover, and closes.
        window = st.popover(
            say("contest.stopped"),
            type="tertiary",
            icon=":material/front_hand:",
            key=f"stopped-{slug}-{scene}",
            on_change="rerun",
        )
        st.badge(str(count), color="gray")
    if not window.open:
        return
    with window:
        st.caption(say("contest.stopped_hint"))
        stopped = flows.contest.stopped(services(), slug, scene)
        for one in stopped[:_MOST_SHOWN]:
            _draw(slug, scene, one)
        if len(stopped) > _MOST_SHOWN:
            st.caption(say("contest.more", n=len(stopped) - _MOST_SHOWN))
        st.button(
            say("contest.forget"),
            key=f"forget-stopped-{slug}-{scene}",
            type="tertiary",
            icon=":material/playlist_remove:",
            on_click=redraw.panel,
            args=(slug, scene, flows.contest.forget, services(), slug, scene),
        )


def _draw(slug: str, scene: str, one: StoppedTake) -> None:
    seed = one.item.recipe.seed
    with st.container(key=f"stopped-{scene}-{one.id}", horizontal=True, vertical_alignment="top", gap="small"):
        small = services().stopped_takes.picture(slug, scene, one.id)
        if small is not None:
            st.image(small, width=72, caption=None, alt=say("contest.imagined", seed=seed))
        with st.container(width=_WORDS, gap="xsmall"):
            said = say("contest.seed_stopped", seed=seed, done=one.steps, steps=one.item.recipe.steps)
            st.caption(f"{plain(said)} {plain(reason(one.reason))}")
            st.button(
                say("contest.finish"),
                key=f"finish-{scene}-{one.id}",
                icon=":material/brush:",
                help=say("contest.finish_hint", seed=seed),
                on_click=redraw.panel,
                args=(slug, scene, _finish, slug, scene, one.id),
            )


def _finish(slug: str, scene: str, take: str) -> None:
    flows.contest.finish(services(), slug, scene, [take])
    notices.tell("contest.finishing")
