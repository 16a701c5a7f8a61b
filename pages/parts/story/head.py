"""Title of the story, and in one line how far it is from the gate."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.parts.shared import inputs
from pages.parts.shared.fields import Field
from pages.parts.shared.wording import family_title, plain, say
from pages.parts.story import panel_picture, redraw, toolbar
from story_engine.domain.board import Board
from story_engine.domain.gate import CHALLENGE_GATE, gate
from story_engine.domain.story import Story


def threshold() -> float:
    """The gate as this session has set it; the challenge's, until a person moves it on the submission page."""
    return float(st.session_state.get("gate_chosen", CHALLENGE_GATE))


def draw_title(slug: str, story: Story) -> None:
    """A field, in the bar that stays in sight."""
    with st.container(key=f"title-story-{slug}"):
        inputs.text_input(
            Field(slug, None, "title"),
            story.title,
            label=say("story.title"),
            placeholder=say("home.untitled"),
            folded_label=True,
        )


def draw_facts(slug: str, story: Story, board: Board) -> None:
    """Family, panels, mean against the gate."""
    redraw.part_of_head(slug, board, partial(_draw_facts, story), name=redraw.FACTS)


def draw_outdated(slug: str, board: Board) -> None:
    """One line that names the panels whose pictures are older than the story, with the way to new ones."""
    redraw.part_of_head(slug, board, partial(_draw_outdated, slug), name=redraw.OUTDATED)


def _draw_facts(story: Story, board: Board) -> None:
    count = len(board.panels)
    painted, outdated = count - len(board.missing), len(board.outdated)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content", key="story-facts"):
        st.badge(plain(family_title(story.settings.family)), icon=":material/palette:", color="gray")
        st.badge(
            say("home.panels", done=painted, all=count)
            + (f" · {say('panel.outdated_count', n=outdated)}" if outdated else ""),
            icon=":material/grid_view:",
            color="orange" if outdated else "green" if painted == count else "gray",
        )
        _draw_mean(board)
        for note, icon in (("saved", "cloud_done"), ("unsaved", "edit_note")):
            with st.container(key=f"{note}-note", width="content"):
                st.caption(f":material/{icon}: {say(f'story.{note}')}", width="content")


def _draw_outdated(slug: str, board: Board) -> None:
    outdated = board.outdated
    if not outdated:
        return
    numbers = {panel.scene.id: number for number, panel in enumerate(board.panels, start=1)}
    named = [
        f"**{numbers[panel.scene.id]}** {plain(panel.scene.title)} ({panel_picture.changed_parts(panel)})"
        for panel in outdated
    ]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="outdated"):
        st.markdown(f":material/history: {say('outdated.title')} {' · '.join(named)}", width="stretch")
        st.button(
            say("outdated.render"),
            key="render-outdated",
            icon=":material/brush:",
            type="tertiary",
            on_click=lambda: redraw.whole(toolbar.render, slug, scenes=[panel.scene.id for panel in outdated]),
        )


def _draw_mean(board: Board) -> None:
    """Mean against the gate; for the preview scorer, with the word that it is no promise."""
    mean = gate(board.scores).mean
    if mean is None:
        st.badge(say("gate.none"), icon=":material/star:", color="gray")
    else:
        st.badge(
            say("gate.mean", mean=f"{mean:z.2f}", threshold=f"{threshold():g}"),
            icon=":material/star:",
            color="green" if mean >= threshold() else "orange",
        )
    if board.scorer != "aesthetic":
        st.caption(say("gate.preview_only"), width="content")
