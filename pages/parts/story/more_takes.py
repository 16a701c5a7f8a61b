"""The menu of a scene for more than one take: so many, a contest, or one that begins with another panel's picture."""

from __future__ import annotations

import json

import streamlit as st

from pages.parts.shared import fields, headings, notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import plain, say
from pages.parts.story import contest, toolbar
from story_engine import flows
from story_engine.domain.story import Scene, Story
from story_engine.errors import StandInNeeded

COUNTS = ("2", "4", "8")
CONTEST = "contest-"
FROM = "from-"


def draw(slug: str, story: Story, scene: Scene) -> None:
    """What is usual comes first; what comes after it has a line and a heading (`style`)."""
    key = f"redo-more-{slug}-{scene.id}"
    ways = {count: say("scene.redo_count", n=count) for count in COUNTS}
    ways |= {CONTEST + str(takes): contest.offered(takes) for takes in contest.BEGUN}
    ways |= {
        FROM + other.id: say("scene.from_panel", name=plain(headings.scene_name(other, position)))
        for position, other in enumerate(story.scenes)
        if other.id != scene.id
    }
    st.menu_button(
        say("scene.redo_more"),
        list(ways),
        format_func=ways.__getitem__,
        key=key,
        on_click=lambda: notices.attempt(_begin, slug, scene.id, st.session_state[key]),
    )


def style() -> None:
    """Lines and headings between the parts of all these menus, once on a page: Streamlit's menus have none."""
    menu = f'[role="menu"][aria-label={json.dumps(say("scene.redo_more"), ensure_ascii=False)}]'
    places = {len(COUNTS) + 1: "scene.menu_contest", len(COUNTS) + len(contest.BEGUN) + 1: "scene.menu_from"}
    rules = [
        f'{menu} > :nth-child({place})::before {{ content: {json.dumps(say(text), ensure_ascii=False)} / ""; }}'
        for place, text in places.items()
    ]
    firsts = ", ".join(f"{menu} > :nth-child({place})" for place in places)
    before = ", ".join(f"{menu} > :nth-child({place})::before" for place in places)
    st.html(
        f"<style>{menu} {{ min-width: 15rem; }} {firsts} {{ position: relative; margin-top: 2.3rem; }}"
        f"{before} {{ position: absolute; left: .5rem; right: .5rem; top: -1.9rem; padding-top: .35rem;"
        " border-top: 1px solid var(--line); color: var(--soft); font-size: .78rem; white-space: nowrap;"
        f" pointer-events: none; }}{' '.join(rules)}</style>"
    )


def redo(slug: str, scene: str, takes: int) -> None:
    """So many more takes, before everything else in the queue."""
    fields.save_all()
    try:
        toolbar.tell_submitted(flows.queue.redo(services(), slug, scene, takes=takes), what="render")
    except StandInNeeded:
        notices.tell("stand_in.first")


def _begin_from(slug: str, scene: str, panel: str) -> None:
    fields.save_all()
    try:
        flows.vary.start_from(services(), slug, scene, panel)
    except StandInNeeded:
        notices.tell("stand_in.first")


def _begin(slug: str, scene: str, chosen: str | None) -> None:
    if chosen is None:
        return
    if chosen.startswith(CONTEST):
        contest.begin(slug, scene, int(chosen.removeprefix(CONTEST)))
    elif chosen.startswith(FROM):
        _begin_from(slug, scene, chosen.removeprefix(FROM))
    else:
        redo(slug, scene, int(chosen))
