"""Earlier states of a story, in people's words: what was changed, both texts side by side, and the way back."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts.shared import headings, notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import ago, plain, say
from story_engine import flows
from story_engine.domain.story_changes import Piece, StoryChange
from story_engine.flows.history import Step

_MOST_NAMED = 4
"""Scenes that a line names; of more it gives the number."""


def draw(slug: str) -> None:
    """The last states, one of them opened at most."""
    steps = flows.history.steps(services(), slug)
    if len(steps) < 2:
        st.caption(say("history.none"))
        return
    opened = st.session_state.get(_key(slug))
    for step in steps:
        is_open = step.number == opened
        with st.container(horizontal=True, vertical_alignment="center", key=f"revision-{step.number}"):
            when = say("history.now") if step.is_present else ago(step.saved_at)
            st.markdown(f"**{when}** · {plain(named(step.changes)) or say('history.first')}", width="stretch")
            st.button(
                say("history.close" if is_open else "history.look"),
                key=f"look-{slug}-{step.number}",
                type="tertiary",
                icon=":material/expand_less:" if is_open else ":material/visibility:",
                on_click=st.session_state.__setitem__,
                args=(_key(slug), None if is_open else step.number),
            )
        if is_open:
            _draw_step(slug, step)


def named(changes: Sequence[StoryChange]) -> str:
    """Such as "Shared style; Scene 6 The sea: prompt, seed"."""
    by_scene: dict[str, list[StoryChange]] = {}
    for change in changes:
        by_scene.setdefault(change.scene.id if change.scene else "", []).append(change)
    parts = [_field(change) for change in by_scene.pop("", [])]
    scenes = [f"{_scene(group[0])}: {', '.join(map(_field, group))}" for group in by_scene.values()]
    if len(scenes) > _MOST_NAMED:
        scenes = [*scenes[: _MOST_NAMED - 1], say("history.more_scenes", n=len(scenes) - _MOST_NAMED + 1)]
    return "; ".join([*parts, *scenes])


def _draw_step(slug: str, step: Step) -> None:
    with st.container(key=f"history-look-{step.number}", gap="small"):
        if step.changes:
            _draw_changes(step.changes, say("history.before"), say("history.after"))
        if step.is_present:
            return
        back = flows.history.going_back(services(), slug, step.number)
        st.markdown(f"**{say('history.going_back')}**")
        if not back:
            st.caption(say("history.nothing_to_change"))
            return
        _draw_changes(back, say("history.now"), say("history.then"))
        st.button(
            say("history.back"),
            key=f"back-{slug}-{step.number}",
            icon=":material/undo:",
            on_click=notices.attempt,
            args=(_go_back, slug, step.number),
        )


def _draw_changes(changes: Sequence[StoryChange], left: str, right: str) -> None:
    for change in changes:
        where = f"{_scene(change)}: {_field(change)}" if change.scene else _field(change)
        st.markdown(f"**{plain(where)}**")
        columns = st.columns(2, gap="medium")
        for column, title, pieces, colour in zip(
            columns, (left, right), (change.old, change.new), ("red", "green"), strict=True
        ):
            with column:
                st.caption(title)
                st.markdown(_marked(pieces, colour) or say("history.empty"))


def _marked(pieces: Sequence[Piece], colour: str) -> str:
    """The text with what differs marked; words that go are struck through, for those who see no colours."""
    marked = ""
    for piece in pieces:
        if not piece.differs or not piece.text.strip():
            marked += _kept(piece.text)
            continue
        for place, line in enumerate(piece.text.split("\n")):
            marked += "  \n" if place else ""
            if line.strip():
                words = f"~~{plain(line)}~~" if colour == "red" else plain(line)
                before, after = " " * line[:1].isspace(), " " * line[-1:].isspace()
                marked += f"{before}:{colour}-background[{words}]{after}"
    return marked


def _kept(text: str) -> str:
    """Words that stay, with the blanks at their ends, which `plain` takes away."""
    if "\n" in text and not text.strip():
        return "  \n"
    before, after = (" " if edge.isspace() and edge != "\n" else "" for edge in (text[:1], text[-1:]))
    if text[:1] == "\n":
        before = "  \n"
    if text.strip() and text[-1:] == "\n":
        after = "  \n"
    return f"{before}{plain(text)}{after}" if text.strip() else before


def _scene(change: StoryChange) -> str:
    return headings.scene_name(change.scene, change.number - 1) if change.scene else ""


def _field(change: StoryChange) -> str:
    return say(f"history.{'scene' if change.scene else 'story'}_{change.field}")


def _go_back(slug: str, number: int) -> None:
    before = services().stories.load(slug).revision
    services().stories.go_back_to(slug, number)
    st.session_state[_key(slug)] = None
    notices.tell("history.done", undo=notices.Undo(kind="revision", token=str(before), story=slug))


def _key(slug: str) -> str:
    return f"history-opened-{slug}"
