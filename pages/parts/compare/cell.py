"""One cell, large: how it was made, and what can be done with it."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import family_title, language, plain, say
from story_engine import flows
from story_engine.domain.story import Story
from story_engine.domain.sweep import Axis, Sweep
from story_engine.flows.sweep_view import DONE, CellView, SweepView
from story_engine.flows.sweep_words import axis_name, settings_text, value_name


def open_cell(slug: str, take: str) -> None:
    """Show the take large in the page's next run (for `on_click`)."""
    st.session_state[_key(slug)] = take


def draw(slug: str, story: Story, sweep: Sweep) -> None:
    """The large view, while a cell of this grid is open."""
    take = st.session_state.get(_key(slug))
    if take is None:
        return
    view = flows.sweep_view.view_of(services(), slug, sweep)
    if (cell := view.cell(take)) is None or cell.state != DONE:
        _close(slug)
        return
    number = [scene.id for scene in story.scenes].index(sweep.scene) + 1
    title = story.scene(sweep.scene).title or say("scene.number", n=number)

    @st.dialog(plain(title), width="large", on_dismiss=lambda: _close(slug))
    def large() -> None:
        with notices.shown_here():
            now = flows.sweep_view.view_of(services(), slug, sweep)
            open_now = now.cell(str(st.session_state.get(_key(slug), take)))
            if open_now is not None and open_now.take is not None:
                _draw_large(now, open_now, story)

    large()


def _draw_large(view: SweepView, cell: CellView, story: Story) -> None:
    picture, words = st.columns([7, 5], gap="medium")
    with picture:
        st.image(cell.picture.read_bytes(), width="stretch", alt=settings_text(cell.recipe, language()))
    with words:
        for axis in view.sweep.axes:
            _draw_value(view.sweep, axis, cell, story)
        if cell.score is not None:
            note = f" · {say('sweep.best')}" if cell.is_best else ""
            st.markdown(f":material/star: **{cell.score:.2f}**{note}")
        st.caption(plain(settings_text(cell.recipe, language(), without=view.sweep.kinds())))
        _draw_actions(view, cell, story)
        _draw_steps(view, cell)


def _draw_value(sweep: Sweep, axis: Axis, cell: CellView, story: Story) -> None:
    name = plain(axis_name(sweep, axis, story, language()))
    st.markdown(f"{name}  \n**{plain(value_name(axis.kind, cell.given[axis.kind], language()))}**")


def _draw_actions(view: SweepView, cell: CellView, story: Story) -> None:
    """Each of them done, the large view closes and says so where the rest of the page is."""
    take = cell.recipe.digest
    pick = "sweep.unpick" if cell.is_picked else "sweep.pick"
    scene = story.scene(view.sweep.scene)
    is_pinned = scene.pinned and scene.seed == cell.recipe.seed
    other = view.stand_in_for is not None
    clicked = [
        st.button(
            say(pick),
            key="compare-pick",
            type="primary",
            icon=":material/check:",
            width="stretch",
            on_click=notices.attempt,
            args=(_pick, view.story, view.sweep.scene, None if cell.is_picked else take),
        ),
        st.button(
            say("sweep.send"),
            key="compare-send",
            icon=":material/send:",
            width="stretch",
            disabled=other,
            help=say("sweep.send_not", family=family_title(view.stand_in_for or ""))
            if other
            else say("sweep.send_hint"),
            on_click=notices.attempt,
            args=(_send, view.story, view.sweep.scene, take),
        ),
        st.button(
            say("sweep.pinned" if is_pinned else "sweep.pin", seed=cell.recipe.seed),
            key="compare-pin",
            icon=":material/keep:",
            width="stretch",
            disabled=is_pinned,
            on_click=notices.attempt,
            args=(_pin, view.story, view.sweep.scene, take, cell.recipe.seed),
        ),
    ]
    if any(clicked):
        _close(view.story)
        st.rerun()


def _draw_steps(view: SweepView, cell: CellView) -> None:
    """The cells before and after it, without a way back to the grid."""
    there = list(dict.fromkeys(each.recipe.digest for row in view.rows for each in row if each.state == DONE))
    place = there.index(cell.recipe.digest)
    with st.container(horizontal=True, horizontal_alignment="center", vertical_alignment="center", key="compare-steps"):
        for direction, icon in ((-1, ":material/arrow_back:"), (1, ":material/arrow_forward:")):
            if direction == 1:
                st.caption(f"{place + 1} / {len(there)}", width="content")
            st.button(
                say("sweep.before" if direction < 0 else "sweep.after"),
                key=f"icon-compare-step-{direction}",
                icon=icon,
                disabled=len(there) < 2,
                on_click=open_cell,
                args=(view.story, there[(place + direction) % len(there)]),
            )


def _pick(slug: str, scene: str, take: str | None) -> None:
    flows.takes.pick(services(), slug, scene, take)
    notices.tell("sweep.done_picked" if take else "sweep.done_unpicked")


def _pin(slug: str, scene: str, take: str, seed: int) -> None:
    before = services().stories.load(slug).revision
    flows.takes.pin(services(), slug, scene, take)
    undo = notices.Undo(kind="revision", token=str(before), story=slug)
    notices.tell("sweep.done_pinned", seed=seed, undo=undo)


def _send(slug: str, scene: str, take: str) -> None:
    before = services().stories.load(slug).revision
    flows.takes.send_settings(services(), slug, scene, take)
    undo = notices.Undo(kind="revision", token=str(before), story=slug)
    notices.tell("sweep.done_sent", undo=undo)


def _close(slug: str) -> None:
    st.session_state.pop(_key(slug), None)


def _key(slug: str) -> str:
    return f"compare-open-take-{slug}"
