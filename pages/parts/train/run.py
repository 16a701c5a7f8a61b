"""One training: how far it is, what it measures, what it paints, and everything that can be asked of it."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import notices, queue_panel
from pages.parts.shared.services import ask, services
from pages.parts.shared.wording import duration, language, plain, say, size
from pages.parts.train import chart, runs
from pages.parts.train import checkpoints as train_checkpoints
from pages.parts.train import samples as train_samples
from story_engine import flows
from story_engine.domain.job import JobView
from story_engine.domain.run import RESUMABLE
from story_engine.flows.train_view import RunCard, RunView
from story_engine.messages import known_codes, message

TICK_SECONDS = 1.0
_COLOURS = {"running": "blue", "finished": "green", "failed": "red", "interrupted": "orange"}


def draw(run: str) -> None:
    """Head, progress and charts that follow by themselves, samples, checkpoints."""
    view = flows.train_view.view(services(), run)
    seen = _state(view)

    @st.fragment(run_every=TICK_SECONDS if view.card.is_active else None)
    def tick() -> None:
        with notices.shown_here():
            now = flows.train_view.view(services(), run)
            if now.card.is_active and now.card.job is not None:
                flows.queue.job(services(), now.card.job.id)  # whoever looks starts a dispatcher where none serves
            if view.card.is_active and _state(now) != seen:
                st.rerun()  # another state, new samples or checkpoints: once, since the next run starts from them
            _draw_head(now)
            _draw_figures(now)

    with st.container(key="card-train-run", gap="medium"):
        tick()
    if not view.card.is_active:
        train_checkpoints.draw(view)
    train_samples.draw(view)
    if view.card.is_active:
        train_checkpoints.draw(view)
    _draw_settings(view)


def _state(view: RunView) -> tuple[object, ...]:
    """What makes the rest of the page out of date when it changes."""
    return view.card.state, len(view.samples), view.checkpoints, view.requests


def _draw_head(view: RunView) -> None:
    card = view.card
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="train-head"):
        st.markdown(f"**{plain(card.name)}**", width="content")
        st.badge(say(f"train_state_{card.state}"), color=_COLOURS.get(card.state, "gray"))
        st.space("stretch")
        if card.is_active:
            _draw_requests(view)
        else:
            _draw_rest(card)
    if card.is_active:
        job = card.job
        if job is not None and job.state == "queued":
            st.markdown(f":material/schedule: {plain(queue_panel.waits_for(flows.queue.overview(services()), job.id))}")
        else:
            st.progress(_share(view), text=plain(_progress(view, job)))
    reason = _reason(card)
    if reason:
        st.markdown(f":red[:material/error:] {plain(reason)}")
    if card.state in RESUMABLE and card.state != "prepared":
        st.caption(say("train_goes_on_from", step=view.run.saved_step))


def _draw_requests(view: RunView) -> None:
    run = view.card.id
    is_running = view.card.state == "running"
    for what, icon in (("sample", "image"), ("save", "save")):
        st.button(
            say(f"train_{what}_now"),
            key=f"train-{what}",
            icon=f":material/{icon}:",
            disabled=not is_running or what in view.requests or (what == "sample" and not view.spec.sample_prompts),
            on_click=notices.attempt,
            args=(ask(flows.train.ask), run, what),
        )
    st.button(
        say("train_stop"),
        key="train-stop",
        icon=":material/stop_circle:",
        help=say("train_stop_help"),
        disabled="stop" in view.requests,
        on_click=notices.attempt,
        args=(ask(flows.train.ask), run, "stop"),
    )
    if is_running:
        st.button(
            say("train_force_stop"),
            key="train-force-stop",
            type="tertiary",
            help=say("train_force_stop_help"),
            on_click=notices.attempt,
            args=(ask(flows.train.force_stop), run),
        )


def _draw_rest(card: RunCard) -> None:
    if card.state in RESUMABLE:
        st.button(
            say("train_begin" if card.state == "prepared" else "train_resume"),
            key="train-resume",
            icon=":material/play_arrow:",
            type="primary",
            on_click=notices.attempt,
            args=(ask(flows.train.resume), card.id),
        )
    st.button(
        say("train_delete"),
        key="icon-train-delete",
        icon=":material/delete:",
        type="tertiary",
        on_click=notices.attempt,
        args=(runs.delete, card),
    )


def _share(view: RunView) -> float:
    job = view.card.job
    if job is not None and view.card.state == "running" and job.progress.stage in ("training", "saving"):
        return min(1.0, job.progress.step / max(1, job.progress.total))
    return min(1.0, view.run.step / max(1, view.run.total))


def _progress(view: RunView, job: JobView | None) -> str:
    """What it does just now."""
    if view.card.state == "queued" or job is None:
        return say("jobs.state.queued")
    if "stop" in view.requests or job.wants_cancel:
        return say("train_stopping")
    progress = job.progress
    parts = [say(f"train_stage_{progress.stage}" if progress.stage != "loading" else "jobs.stage.loading")]
    if progress.total:
        parts.append(f"{progress.step} / {progress.total}")
    if progress.eta_seconds is not None:
        parts.append(say("jobs.eta", time=duration(progress.eta_seconds)))
    return " · ".join(parts)


def _reason(card: RunCard) -> str:
    if card.error_code is None:
        return say("train_was_interrupted") if card.state == "interrupted" else ""
    if card.error_code not in known_codes():
        return say("jobs.failed_unknown", code=card.error_code)
    return message(card.error_code, language(), **(card.error_values or {}))


def _draw_figures(view: RunView) -> None:
    if not view.metrics:
        return
    last = view.metrics[-1]
    figures = (
        (say("train_step"), f"{last.step} / {view.run.total}"),
        (say("train_loss"), f"{last.smoothed_loss:.4f}"),
        (say("train_seconds_per_step"), f"{last.seconds_per_step:.2f} s"),
        (say("train_rate"), f"{last.learning_rate:.2g}"),
        (say("train_memory"), size(round(last.memory_mb * 1e6))),
    )
    with st.container(horizontal=True, gap="medium", key="train-figures"):
        for label, value in figures:
            with st.container(width="content", gap="xxsmall"):
                st.caption(label)
                st.markdown(f"**{plain(value)}**")
    chart.draw(view.metrics)


def _draw_settings(view: RunView) -> None:
    with st.expander(say("train_settings"), type="compact", key=f"train-settings-{view.card.id}"):
        lines = [
            f"{name}: {value}"
            for name, value in view.spec.model_dump().items()
            if name != "sample_prompts" and value not in ("", ())
        ]
        st.code("\n".join(lines), language=None)
