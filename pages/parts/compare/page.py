"""The comparison page from top to bottom."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from pages.parts.compare import axes, cell, grid, style
from pages.parts.shared import live, notices, opened
from pages.parts.shared.services import services
from pages.parts.shared.wording import say
from pages.parts.story import gone, stand_in
from pages.parts.story import page as story_page
from story_engine import flows
from story_engine.domain.story import Scene, Story
from story_engine.errors import ChooseAnother, FixInput, StandInNeeded, StudioError

QUICK_STRENGTHS = "0-1.25 (+0.25)"
"""Without, as trained, and a step beyond: where a LoRA begins to act and where it begins to hurt."""


def draw() -> None:
    """The open story's comparison, or the way to a story."""
    style.apply()
    slug = opened.slug()
    if slug is None:
        story_page.choose("compare")
        return
    if st.query_params.get("story") != slug:
        st.query_params["story"] = slug
    try:
        story = services().stories.load(slug)
    except ChooseAnother as error:
        gone.draw(slug, error)
        return
    st.title(say("nav.compare"), anchor=False)
    axes.begin(slug, story)
    scene = _draw_head(slug, story)
    stand_in.draw(slug, story, renders=False)
    try:
        choices = flows.sweep_read.choices(services(), slug, scene.id)
    except StandInNeeded:
        return  # the banner asks for it
    sweep = axes.draw(slug, scene, choices)
    live.draw_failure(slug)
    if sweep is None:
        return
    with suppress(StudioError):  # a full disk keeps the choice from being remembered, not from being looked at
        services().sweeps.remember(slug, sweep)
    grid.follow(slug, story, sweep)
    cell.draw(slug, sweep)


def _draw_head(slug: str, story: Story) -> Scene:
    """Which story, which scene, and the one click that most people want."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="compare-head"):
        titles = {known: title or say("home.untitled") for known, title in flows.shelf.titles(services()).items()}
        titles.setdefault(slug, story.title)
        if st.session_state.get("compare-story") != slug:
            st.session_state["compare-story"] = slug
        st.selectbox(
            say("sweep.story"),
            list(titles),
            format_func=titles.__getitem__,
            key="compare-story",
            on_change=lambda: _open(st.session_state["compare-story"]),
            width=260,
        )
        names = {
            scene.id: f"{number}. {scene.title}" if scene.title else say("scene.number", n=number)
            for number, scene in enumerate(story.scenes, start=1)
        }
        key = axes.key(slug, "scene")
        if st.session_state.get(key) not in names:
            st.session_state[key] = story.scenes[0].id
        chosen = st.selectbox(
            say("sweep.scene"),
            list(names),
            format_func=names.__getitem__,
            key=key,
            width=260,
            persist_state="session",
        )
        st.button(
            say("sweep.quick_strength"),
            key="compare-quick",
            icon=":material/tune:",
            help=say("sweep.quick_strength_hint", values=QUICK_STRENGTHS),
            on_click=notices.attempt,
            args=(_quick, slug, chosen),
        )
        axes.draw_earlier(slug, story)
    return story.scene(chosen)


def _quick(slug: str, scene: str) -> None:
    """The strengths of the scene's LoRA, painted at once."""
    lora = str(st.session_state.get(axes.key(slug, "lora")) or "")
    choices = flows.sweep_read.choices(services(), slug, scene)
    known = [use.name for use in choices.used] or list(choices.loras)
    reading = flows.sweep_read.read(
        services(), slug, scene, x=("strength", QUICK_STRENGTHS), lora=lora or "".join(known[:1])
    )
    if reading.sweep is None:
        raise FixInput(reading.problems[0].code, **reading.problems[0].values)
    axes.put(slug, reading.sweep)
    if lora or choices.used or len(known) == 1:
        flows.sweep.paint(services(), slug, reading.sweep)  # else the person says first which of them


def _open(slug: str) -> None:
    opened.remember(slug)
    st.query_params["story"] = slug
