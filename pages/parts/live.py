"""What is being worked on right now: one fragment that looks every second while there is work, and not at all else."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts import notices
from pages.parts.desk import engine, workspace
from pages.parts.wording import duration, language, plain, say, size
from story_engine.domain.job import JobView
from story_engine.messages import known_codes, message

TICK_SECONDS = 1.0


def follow(*, story: str | None = None, slots: Mapping[str, DeltaGenerator] | None = None, quiet: bool = False) -> None:
    """Draw the active jobs here, and latent previews into `slots` (scene id → place of its picture).

    `quiet`: draw nothing while there is no work, instead of saying so.
    """
    seen = _state(engine().jobs(story=story))

    @st.fragment(run_every=TICK_SECONDS if seen else None)
    def tick() -> None:
        with notices.shown_here():
            jobs = engine().jobs(story=story)
            if seen and _state(jobs) != seen:
                st.rerun()  # a panel or a job is done: once, since the next run starts from the new state
            if jobs:
                with st.container(key="live-bar"):
                    for job in jobs:
                        draw_job(job)
                for job in jobs:
                    _preview(job, slots or {})
            elif not quiet:
                st.caption(say("jobs.none"))

    tick()


def draw_job(job: JobView) -> None:
    """One active job with its progress and its cancel button."""
    with st.container(horizontal=True, vertical_alignment="center", key=f"job-{job.id}"):
        st.progress(share(job), text=plain(describe(job)))
        st.button(
            say("action.cancel"),
            key=f"cancel-{job.id}",
            type="tertiary",
            disabled=job.wants_cancel,
            on_click=notices.attempt,
            args=(engine().cancel, job.id),
        )


def describe(job: JobView) -> str:
    """What the job does and how far it is, in the reader's language."""
    progress = job.progress
    what = [say(f"jobs.kind.{job.kind}")]
    if job.wants_cancel:
        what.append(say("jobs.cancelling"))
    elif job.state == "queued" or not progress.stage:
        what.append(say(f"jobs.state.{job.state}"))
    else:
        what.append(say(f"jobs.stage.{progress.stage}"))
    if progress.total:
        what.append(f"{_amount(job, progress.step)} / {_amount(job, progress.total)}")
    if progress.eta_seconds is not None:
        what.append(say("jobs.eta", time=duration(progress.eta_seconds)))
    if progress.note:
        what.append(progress.note)
    return " · ".join(what)


def share(job: JobView) -> float:
    """How much of the present stage is done, 0 … 1."""
    total = job.progress.total
    return min(1.0, job.progress.step / total) if total else 0.0


def failure(job: JobView) -> str | None:
    """Why the job failed, in the reader's language, with the id of its log entry."""
    if job.error_code is None:
        return None
    if job.error_code in known_codes():
        text = message(job.error_code, language(), **job.error_values)
    else:
        text = say("jobs.failed_unknown", code=job.error_code)
    return f"{text} ({say('jobs.log', id=job.log_id)})" if job.log_id else text


def _amount(job: JobView, number: int) -> str:
    return size(number) if job.kind == "download" else str(number)


def _state(jobs: tuple[JobView, ...]) -> tuple[tuple[object, ...], ...]:
    """What makes the rest of the page out of date when it changes."""
    return tuple((job.id, job.state, job.progress.scenes, job.progress.stage == "scoring") for job in jobs)


def _preview(job: JobView, slots: Mapping[str, DeltaGenerator]) -> None:
    for scene, path in (job.progress.previews or {}).items():
        picture = workspace() / path
        if scene in slots and picture.is_file():
            try:
                slots[scene].image(picture.read_bytes(), width="stretch", alt=say("panel.being_painted"))
            except OSError:
                continue  # replaced or removed since it was announced
