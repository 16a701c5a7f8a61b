"""What is being worked on right now: one fragment that looks every second while there is work, and not at all else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts.shared import disk_line, notices
from pages.parts.shared.services import ask, services, workspace
from pages.parts.shared.wording import duration, family_title, language, plain, say, size
from story_engine import flows
from story_engine.domain.job import KINDS, JobView
from story_engine.domain.job_result import Failure, RenderResult
from story_engine.messages import known_codes, message

TICK_SECONDS = 1.0
WAITING_SECONDS = 3.0
"""In a class all but one wait: their pages look less often, or fifty of them would take a whole core by looking."""
LIVE = "live"
"""Of the fragment: a click that changes what is drawn in it draws it again."""


def follow(
    *,
    story: str | None = None,
    slots: Mapping[str, DeltaGenerator] | None = None,
    kinds: Collection[str] = KINDS,
    quiet: bool = False,
    also: Callable[[tuple[JobView, ...]], None] | None = None,
) -> None:
    """Draw the active jobs here, and latent previews into `slots` (scene id → container over its picture).

    `kinds`: others are in the queue's own panel. `quiet`: draw nothing while there is no work, instead of saying so.
    `also`: given the jobs at every look.
    """
    seen = _state(_jobs(story, kinds))

    @st.fragment(key=LIVE, run_every=pace(any(job[1] == "running" for job in seen)) if seen else None)
    def tick() -> None:
        with notices.shown_here():
            jobs = _jobs(story, kinds)
            if _state(jobs) != seen:
                st.rerun()  # a panel or a job is done, or is new: once, since the next run starts from the new state
            if jobs:
                draw_trouble()
                with st.container(key="live-bar"):
                    disk_line.draw()
                    for job in jobs:
                        draw_job(job, with_story=story is None)
                # In every run one place per panel: a fragment may only fill what it has reserved outside itself.
                places = {scene: slot.empty() for scene, slot in (slots or {}).items()}
                for job in jobs:
                    _preview(job, places)
            elif not quiet:
                st.caption(say("jobs.none"))
            if also is not None:
                also(jobs)

    tick()


def pace(is_running: bool) -> float:
    """Seconds between two looks: at something that gets on, or at what only waits for its turn."""
    return WAITING_SECONDS if services().is_member and not is_running else TICK_SECONDS


def _jobs(story: str | None, kinds: Collection[str]) -> tuple[JobView, ...]:
    return tuple(job for job in flows.queue.jobs(services(), story=story) if job.kind in kinds or kinds is KINDS)


def draw_trouble() -> None:
    """Why nobody does the jobs that wait, where the dispatcher does not start, or where its workers are away."""
    trouble = flows.queue.start_trouble(services())
    if trouble is not None:
        st.error(plain(trouble.text(language())), icon=":material/error:")
    notice = flows.queue.cluster_notice(services())
    if notice is not None:
        st.warning(plain(notice.text(language())), icon=":material/lan:")


def draw_job(job: JobView, *, with_story: bool = True, place: str = "") -> None:
    """One active job with its cancel button, and with its progress where it has any: no bar of what it waits for.

    `place` tells the same job apart where it is shown twice on a page.
    """
    prefix = f"{place}-" if place else ""
    with st.container(horizontal=True, vertical_alignment="center", key=f"{prefix}job-{job.id}"):
        text = plain(describe(job, with_story=with_story))
        if job.state == "running":
            st.progress(share(job), text=text)
        else:
            st.markdown(f":material/schedule: {text}", width="stretch")
        st.button(
            say("action.cancel"),
            key=f"{prefix}cancel-{job.id}",
            type="tertiary",
            disabled=job.wants_cancel,
            on_click=notices.attempt,
            args=(services().ledger.request_cancel, job.id),
        )


def draw_failure(story: str) -> None:
    """Why the story's last job came to nothing, with another try; until dismissed or until a newer job."""
    finished = [job for job in flows.queue.jobs(services(), story=story, active=False) if not job.is_active]
    if not finished:
        return
    job = finished[-1]
    is_done = job.state in ("done", "cancelled")
    reason = _remarks(job) if is_done else failure(job) or say(f"jobs.state.{job.state}")
    if reason is None:
        return
    seen = f"failure-seen-{job.id}-{job.attempt}"
    if st.session_state.get(seen):
        return
    with st.container(key="card-failure", horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/error: {say(f'jobs.kind.{job.kind}')}: {plain(reason)}", width="stretch")
        if not is_done:
            st.button(
                say("jobs.retry"),
                key=f"retry-{job.id}",
                icon=":material/refresh:",
                on_click=notices.attempt,
                args=(ask(flows.queue.retry), job.id),
            )
        st.button(
            say("action.dismiss"),
            key=f"icon-dismiss-failure-{job.id}",
            icon=":material/close:",
            type="tertiary",
            on_click=st.session_state.__setitem__,
            args=(seen, True),
        )


def describe(job: JobView, *, with_story: bool = False) -> str:
    """What the job does and how far it is, in the reader's language."""
    progress = job.progress
    what = [subject(job) if with_story else say(f"jobs.kind.{job.kind}")]
    if job.wants_cancel:
        what.append(say("jobs.cancelling"))
    elif job.state == "queued" and progress.note:
        what.append(say("jobs.waits_for", name=progress.note))
        if progress.eta_seconds is not None:
            what.append(say("jobs.eta", time=duration(progress.eta_seconds)))
        return " · ".join(what)
    elif job.state == "queued" or not progress.stage:
        what.append(say(f"jobs.state.{job.state}"))
    else:
        what.append(say(f"jobs.stage.{progress.stage}"))
    what += _how_far(job)
    if progress.note:
        what.append(progress.note)
    return " · ".join(what)


def subject(job: JobView) -> str:
    """What the job is, such as "Render: The orange cat, scenes 3, 4"."""
    about = flows.job_words.subject(services(), job)
    what = [about.story, family_title(about.name) if job.kind in ("download", "verify") else about.name]
    if about.name == "aesthetic":
        what[1] = say("machine.challenge_scorer")
    if about.scenes:
        what.append(say("jobs.scenes", n=", ".join(map(str, about.scenes))))
    named = " · ".join(filter(None, what))
    kind = say(f"jobs.kind.{job.kind}")
    return say("jobs.subject", kind=kind, what=named) if named else kind


def _how_far(job: JobView) -> list[str]:
    progress, parts = job.progress, []
    if progress.total:
        parts.append(f"{_amount(job, progress.step)} / {_amount(job, progress.total)}")
    if progress.eta_seconds is not None:
        parts.append(say("jobs.eta", time=duration(progress.eta_seconds)))
    return parts


def share(job: JobView) -> float:
    """How much of the present stage is done, 0 … 1."""
    total = job.progress.total
    return min(1.0, job.progress.step / total) if total else 0.0


def failure(job: JobView) -> str | None:
    """Why the job failed, in the reader's language, with the id of its log entry."""
    if job.error_code is None:
        return None
    text = _message(job.error_code, job.error_values)
    return f"{text} ({say('jobs.log', id=job.log_id)})" if job.log_id else text


def _remarks(job: JobView) -> str | None:
    """What somebody should know of the pictures of a finished render: why they have no scores, what was repeated."""
    if not isinstance(job.result, RenderResult):
        return None
    told = [*job.result.remarks, *((job.result.not_scored,) if job.result.not_scored else ())]
    return " ".join(map(reason, told)) or None


def reason(why: Failure) -> str:
    """What the engine says of it, in the reader's language, not yet escaped."""
    return _message(why.code, dict(why.values))


def _message(code: str, values: dict[str, object]) -> str:
    return message(code, language(), **values) if code in known_codes() else say("jobs.failed_unknown", code=code)


def _amount(job: JobView, number: int) -> str:
    return size(number * 2**20) if job.kind in ("download", "verify", "upload") else str(number)


def _state(jobs: tuple[JobView, ...]) -> tuple[tuple[object, ...], ...]:
    """What makes the rest of the page out of date when it changes."""
    return tuple((job.id, job.state, job.progress.scenes, job.progress.stage == "scoring") for job in jobs)


def _preview(job: JobView, places: Mapping[str, DeltaGenerator]) -> None:
    for scene, path in (job.progress.previews or {}).items():
        picture = workspace() / path
        if scene in places:
            with suppress(OSError):  # replaced or removed since it was announced
                places[scene].image(picture.read_bytes(), width="stretch", alt=say("panel.being_painted"))
