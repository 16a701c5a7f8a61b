"""The queue from every page: what runs, what waits for what; moved, cancelled and tried again where it stands."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from pages.parts.shared import live, notices
from pages.parts.shared.services import ask, services
from pages.parts.shared.wording import plain, say
from story_engine import flows
from story_engine.domain.job import Direction, JobView, OthersBefore, Queue, Turn

MOST_WAITING_SHOWN = 20
_MOVES: tuple[tuple[Direction, str], ...] = (
    ("first", "vertical_align_top"),
    ("up", "keyboard_arrow_up"),
    ("down", "keyboard_arrow_down"),
)


def draw() -> None:
    """The handle in the menu, with how much there is to do; opened, the queue."""
    read = [flows.queue.overview(services())]  # the fragment's first run takes it, the next read anew
    is_busy = read[0].active > 0

    @st.fragment(key="queue", run_every=live.pace(is_running=False) if is_busy else None)
    def panel() -> None:
        with notices.shown_here():
            queue = read.pop() if read else flows.queue.overview(services())
            with st.container(key="queue-line", horizontal=True, vertical_alignment="center", gap="xxsmall"):
                # Its words never change: with another label it is another popover, and closes.
                handle = st.popover(
                    say("jobs.title"),
                    key="queue-handle",
                    icon=":material/low_priority:",
                    type="tertiary",
                    width="content",
                    on_change="rerun",
                )
                if queue.active:
                    st.badge(say("queue.count", n=queue.active), color="gray")
            if handle.open:
                with handle, st.container(key="queue-panel", gap="small"):
                    draw_queue(queue, place="panel")
            if is_busy and not queue.active:
                st.rerun()  # once: the next run starts without a clock

    panel()


def draw_queue(queue: Queue, *, place: str) -> None:
    """All of it, here; `place` tells the same buttons apart where two of it are on a page."""
    live.draw_trouble()
    if not queue.active:
        st.caption(say("jobs.none"))
    for job in queue.running:
        live.draw_job(job, place=place)
    for position, turn in enumerate(queue.waiting[:MOST_WAITING_SHOWN]):
        _draw_turn(turn, queue, position, place)
    more = len(queue.waiting) - MOST_WAITING_SHOWN
    if more > 0:
        st.caption(say("queue.more", n=more))
    if queue.stopped:
        st.markdown(f"**{say('queue.stopped')}**")
    for job in queue.stopped:
        _draw_stopped(job, place)


def waits_for(queue: Queue, job: int) -> str:
    """What a waiting job waits for, in words: what ends next, and how many more have their turn before it."""
    before = queue.before(job)
    parts = []
    if before:
        first, *others = before
        parts.append(say("queue.waits_for", what=live.describe(first, with_story=True)))
        if others:
            parts.append(say("queue.and_more", n=len(others)))
    if queue.others is not None:
        parts += _others(queue.others)
    return " · ".join(parts) if parts else say("queue.is_next")


def _others(before: OthersBefore) -> Iterator[str]:
    """What of other people's comes before, in a class: how many, and how long a training of theirs takes."""
    if before.trainings and before.training_seconds is not None:
        yield say("queue.others_train_for", time=live.duration(before.training_seconds))
    elif before.trainings:
        yield say("queue.others_train")
    elif before.running:
        yield say("queue.others_run", n=before.running)
    if before.waiting:
        yield say("queue.others_wait", n=before.waiting)


def _draw_turn(turn: Turn, queue: Queue, position: int, place: str) -> None:
    job = turn.job
    with st.container(key=f"queue-{place}-turn-{job.id}", gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xxsmall"):
            st.markdown(f"{position + 1}\\. {plain(live.subject(job))}", width="stretch")
            for to, icon in _MOVES:
                st.button(
                    say(f"queue.move_{to}"),
                    key=f"icon-queue-{place}-{to}-{job.id}",
                    icon=f":material/{icon}:",
                    type="tertiary",
                    disabled=turn.is_last if to == "down" else turn.is_first,
                    on_click=notices.attempt,
                    args=(ask(flows.queue.move), job.id, to),
                )
            st.button(
                say("action.cancel"),
                key=f"icon-queue-{place}-cancel-{job.id}",
                icon=":material/close:",
                type="tertiary",
                on_click=notices.attempt,
                args=(services().ledger.request_cancel, job.id),
            )
        if position == 0:
            st.caption(plain(waits_for(queue, job.id)))


def _draw_stopped(job: JobView, place: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"queue-{place}-stopped-{job.id}", gap="small"):
        reason = live.failure(job) or say(f"jobs.state.{job.state}")
        if job.state == "cancelled":
            reason = say("jobs.state.cancelled")
        st.markdown(f"{plain(live.subject(job))}  \n:small[{plain(reason)}]", width="stretch")
        st.button(
            say("jobs.retry"),
            key=f"queue-{place}-retry-{job.id}",
            type="tertiary",
            icon=":material/refresh:",
            on_click=notices.attempt,
            args=(ask(flows.queue.retry), job.id),
        )
