"""The grid of a comparison: it fills while it is painted, and a click on a cell opens it."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

import streamlit as st

from pages.parts.compare import cell as compare_cell
from pages.parts.shared import lightbox, live, notices
from pages.parts.shared.services import ask, services
from pages.parts.shared.wording import duration, language, plain, say
from pages.parts.story.panel_picture import jpeg
from story_engine import flows
from story_engine.domain.job import JobView
from story_engine.domain.story import Story
from story_engine.domain.sweep import Axis, Sweep
from story_engine.flows.sweep_view import DONE, MISSING, CellView, SweepView
from story_engine.flows.sweep_words import axis_name, settings_text, value_name


def follow(slug: str, story: Story, sweep: Sweep) -> None:
    """How far it is, and the grid: looked at every second while something is painted, and not at all else."""
    is_busy = bool(flows.sweep_view.view_of(services(), slug, sweep).jobs)

    @st.fragment(run_every=live.TICK_SECONDS if is_busy else None)
    def tick() -> None:
        with notices.shown_here():
            view = flows.sweep_view.view_of(services(), slug, sweep)
            if bool(view.jobs) != is_busy:
                st.rerun()  # once: the next run starts from the new state
            _draw_bar(view)
            _draw_grid(view, story)

    tick()


def _draw_bar(view: SweepView) -> None:
    """How many pictures, how long, and what can be done with all of them."""
    with st.container(key="live-bar" if view.jobs else "compare-bar"):
        if view.jobs:
            job = next((job for job in view.jobs if job.state == "running"), view.jobs[0])
            share = (view.done + live.share(job) / 2 * (job.state == "running")) / view.pictures
            st.progress(min(1.0, share), text=plain(_progress_text(view, job)))
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="compare-actions"):
            if view.missing:
                st.button(
                    say("sweep.paint", n=view.missing),
                    key="compare-paint",
                    type="primary",
                    icon=":material/brush:",
                    help=say("sweep.paint_hint"),
                    on_click=_then_all,
                    args=(ask(flows.sweep.paint), view),
                )
            if view.jobs:
                st.button(
                    say("action.cancel"),
                    key="compare-cancel",
                    icon=":material/stop:",
                    on_click=_then_all,
                    args=(ask(flows.sweep.cancel), view),
                )
            else:
                st.markdown(_count_text(view))
            if view.unscored and not view.jobs:
                st.button(
                    say("toolbar.rescore"),
                    key="compare-rescore",
                    icon=":material/star:",
                    type="tertiary",
                    on_click=notices.attempt,
                    args=(partial(ask(flows.queue.rescore), view.story, scene=view.sweep.scene),),
                )
            if view.done:
                st.space("stretch")
                _draw_export(view)
    if st.session_state.pop("compare-whole-page", False):
        st.rerun()  # a message waits, or the pace of this fragment has to change


def _draw_export(view: SweepView) -> None:
    kinds = "-".join(axis.kind for axis in view.sweep.axes)
    st.download_button(
        say("sweep.export"),
        data=partial(ask(flows.sweep_picture.picture), view.story, view.sweep, language=language()),
        file_name=f"{view.story}-{view.sweep.scene}-{kinds}.png",
        mime="image/png",
        key="compare-export",
        icon=":material/download:",
        help=say("sweep.export_hint"),
        on_click="ignore",
    )


def _then_all(action: object, view: SweepView) -> None:
    """A click inside the fragment that the rest of the page has to know of."""
    notices.attempt(action, view.story, view.sweep)  # type: ignore[arg-type]
    st.session_state["compare-whole-page"] = True


def _progress_text(view: SweepView, job: JobView) -> str:
    """Of the whole grid; what a job that waits is waiting for is said in its own words."""
    if job.state != "running":
        return f"{say('sweep.painted_of', done=view.done, all=view.pictures)} · {live.describe(job)}"
    parts = [say("sweep.painted_of", done=view.done, all=view.pictures)]
    if job.progress.stage:
        parts.append(say(f"jobs.stage.{job.progress.stage}"))
    if view.seconds:
        parts.append(say("jobs.eta", time=duration(view.seconds)))
    return " · ".join(parts)


def _count_text(view: SweepView) -> str:
    if not view.missing:
        return f":material/check: {say('sweep.all_there', n=view.pictures)}"
    parts = [say("sweep.count", n=view.pictures)]
    if view.done:
        parts.append(say("sweep.found", n=view.done))
    parts.append(say("sweep.takes_about", time=duration(view.seconds)) if view.seconds else say("sweep.no_pace_yet"))
    return " · ".join(parts)


def _draw_grid(view: SweepView, story: Story) -> None:
    sweep = view.sweep
    first = view.rows[0][0]
    st.caption(plain(settings_text(first.recipe, language(), without=sweep.kinds())))
    with st.container(key="compare-grid", gap="xsmall"):
        with st.container(key="compare-row-head", horizontal=True, gap="xsmall", vertical_alignment="bottom"):
            with st.container(key="compare-corner"):
                st.markdown(_corner(sweep, story))
            for place, cell in enumerate(view.rows[0]):
                with st.container(key=f"compare-column-{place}"):
                    st.markdown(_value(sweep.x, cell))
        for row, cells in enumerate(view.rows):
            with st.container(key=f"compare-row-{row}", horizontal=True, gap="xsmall", vertical_alignment="center"):
                with st.container(key=f"compare-label-{row}"):
                    st.markdown(_value(sweep.y, cells[0]) if sweep.y is not None else "")
                for column, cell in enumerate(cells):
                    _draw_cell(cell, row, column)
    if any(cell.is_best for cells in view.rows for cell in cells) and view.scorer == "preview":
        st.caption(f":material/info: {say('sweep.preview_scorer')}")


def _corner(sweep: Sweep, story: Story) -> str:
    across = plain(axis_name(sweep, sweep.x, story, language()))
    if sweep.y is None:
        return f"{across} →"
    return f"{across} →  \n{plain(axis_name(sweep, sweep.y, story, language()))} ↓"


def _value(axis: Axis, cell: CellView) -> str:
    return plain(value_name(axis.kind, cell.given[axis.kind], language()))


def _draw_cell(cell: CellView, row: int, column: int) -> None:
    place = f"{row}-{column}"
    kind = "best" if cell.is_best else "cell"
    with st.container(key=f"compare-{kind}-{place}", gap=None):
        name = ", ".join(f"{axis} {value}" for axis, value in cell.given.items())
        if cell.state == DONE:
            st.image(jpeg(cell.thumbnail), width="stretch", alt=name)
        else:
            _draw_blank(cell, place, name)
        if cell.state == DONE and (cell.score is not None or cell.is_picked):
            with st.container(key=f"badges-compare-{place}", horizontal=True, gap="xxsmall"):
                if cell.score is not None:
                    icon = ":material/trophy:" if cell.is_best else ":material/star:"
                    st.badge(f"{cell.score:.2f}", icon=icon, color="primary" if cell.is_best else "gray")
                if cell.is_picked:
                    st.badge(say("panel.picked"), icon=":material/check:", color="primary")
        if cell.state == DONE:
            lightbox.opener(compare_cell.place(row, column), say("sweep.open", name=plain(name)))


def _draw_blank(cell: CellView, place: str, name: str) -> None:
    if cell.preview is not None:
        with suppress(OSError):  # finished since it was looked for
            st.image(cell.preview.read_bytes(), width="stretch", alt=name)
            return
    with st.container(key=f"blank-compare-{place}"):
        st.markdown("" if cell.state == MISSING else f":material/hourglass_empty: {say('sweep.waiting')}")
