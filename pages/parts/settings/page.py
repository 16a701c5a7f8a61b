"""The settings page: device, model files, the queue, language, where everything lies."""

from __future__ import annotations

import streamlit as st

from pages.parts.settings import diagnostics, disk, hub, models
from pages.parts.shared import folded, live, notices, queue_panel
from pages.parts.shared.services import ask, services, workspace
from pages.parts.shared.wording import plain, say, size
from story_engine import flows
from story_engine.domain.job import JobView
from story_engine.domain.views import Machine

_JOB_ICONS = {
    "done": ":green[:material/check_circle:]",
    "failed": ":red[:material/error:]",
    "cancelled": ":gray[:material/do_not_disturb_on:]",
    "held": ":orange[:material/pause_circle:]",
}
_FINISHED_SHOWN = 20


def draw() -> None:
    """Everything about this machine."""
    st.title(say("nav.settings"), anchor=False)
    machine = flows.machine.inspect(services())
    _draw_device(machine)
    _draw_share()
    st.header(say("machine.models"), anchor=False)
    share = flows.members.share(services())
    if share is not None:
        st.caption(f":material/groups: {say('members.models_shared')}")
    models.draw()
    if share is None:
        hub.draw()
    st.header(say("jobs.title"), anchor=False)
    _draw_queue()
    _draw_finished()
    disk.draw()
    st.header(say("machine.places"), anchor=False)
    st.caption(say("machine.workspace"))
    st.code(str(workspace()), language=None, wrap_lines=True)
    diagnostics.draw()


def _draw_queue() -> None:
    read = [flows.queue.overview(services())]  # the fragment's first run takes it, the next read anew
    is_busy = read[0].active > 0

    @st.fragment(run_every=live.TICK_SECONDS if is_busy else None)
    def whole() -> None:
        with notices.shown_here(), st.container(key="live-bar"):
            queue_panel.draw_queue(read.pop() if read else flows.queue.overview(services()), place="settings")

    whole()


def _draw_device(machine: Machine) -> None:
    facts = {
        "device": machine.device,
        "memory": size(machine.memory_bytes),
        "dispatcher": say(f"machine.dispatcher.{machine.dispatcher}"),
    }
    with st.container(key="card-device", horizontal=True, gap="large"):
        for name, value in facts.items():
            with st.container(width="content", gap="xxsmall"):
                st.caption(say(f"machine.{name}"))
                st.markdown(f"**{plain(value)}**")


def _draw_share() -> None:
    """How much of the machine is whose who looks at the page, in a class."""
    share = flows.members.share(services())
    if share is None:
        return
    with st.container(key="card-share", horizontal=True, gap="large"):
        for name, used, most in (
            ("disk", size(share.used_bytes), size(share.most_bytes) if share.most_bytes else ""),
            ("jobs", f"{share.waiting}", f"{share.most_waiting}" if share.most_waiting else ""),
        ):
            with st.container(width="content", gap="xxsmall"):
                st.caption(say(f"members.share_{name}"))
                st.markdown(f"**{say('members.share_of', used=used, most=most) if most else used}**")


def _draw_finished() -> None:
    finished = [job for job in flows.queue.jobs(services(), active=False) if not job.is_active]
    if not finished:
        return
    with folded.expander(say("jobs.finished"), key="finished-jobs", note=f"{len(finished)}"):
        for job in reversed(finished[-_FINISHED_SHOWN:]):
            _draw_one(job)


def _draw_one(job: JobView) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"finished-{job.id}"):
        what = f"{say(f'jobs.kind.{job.kind}')} {job.id}"
        story = f" · {plain(job.story)}" if job.story else ""
        reason = live.failure(job)
        text = f"{_JOB_ICONS[job.state]} {what}{story} · {say(f'jobs.state.{job.state}')}"
        st.markdown(f"{text}  \n{plain(reason)}" if reason else text, width="stretch")
        if job.state != "done":
            st.button(
                say("jobs.retry"),
                key=f"retry-{job.id}",
                type="tertiary",
                icon=":material/refresh:",
                on_click=notices.attempt,
                args=(ask(flows.queue.retry), job.id),
            )
