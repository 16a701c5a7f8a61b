"""The models: what of each is here and where, and how the rest comes."""

from __future__ import annotations

import streamlit as st

from pages.parts.settings import licence, places
from pages.parts.shared import folded, live, notices
from pages.parts.shared.services import ask, services
from pages.parts.shared.wording import ago_day, duration, family_title, language, plain, say, size
from story_engine import flows
from story_engine.domain.job import JobView
from story_engine.domain.job_result import VerifyResult
from story_engine.domain.views import FamilyState
from story_engine.messages import message

_FILE_ICONS = {
    "present": ":green[:material/check_circle:]",
    "missing": ":gray[:material/cloud_download:]",
    "truncated": ":orange[:material/warning:]",
    "damaged": ":red[:material/error:]",
    "unreadable": ":red[:material/lock:]",
    "foreign": ":red[:material/swap_horiz:]",
}
_KINDS = ("download", "verify")
_WRONG_SHOWN = 4


def draw() -> None:
    """A card per model; drawn every second while one of them is fetched or checked, and asks no network."""
    seen = _working()

    @st.fragment(key="models", run_every=live.TICK_SECONDS if seen else None)
    def tick() -> None:
        with notices.shown_here():
            if _working() != seen:
                st.rerun()  # once: a job is new or over, and the rest of the page is to know
            told: set[str] = set()
            for state in flows.models.states(services()):
                agreement = state.licence.url if state.licence is not None and state.needs_acceptance else ""
                _draw_card(state, is_told=agreement in told)
                told |= {agreement} - {""}

    tick()


def title_of(name: str) -> str:
    """What people call a model."""
    return say("machine.challenge_scorer") if name == "aesthetic" else family_title(name)


def _working() -> tuple[tuple[int, str], ...]:
    return tuple((job.id, job.state) for job in flows.queue.jobs(services()) if job.kind in _KINDS)


def _draw_card(state: FamilyState, *, is_told: bool) -> None:
    download = flows.models.active(services(), state.name, "download")
    check = flows.models.active(services(), state.name, "verify")
    with st.container(border=True, key=f"family-{state.name}", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"**{plain(title_of(state.name))}** {_badge(state, download)}", width="stretch")
            if not services().is_member:
                _draw_buttons(state, download, check)
        if not state.is_needed:
            st.caption(say("models.not_needed"))
        _draw_place(state)
        for job in filter(None, (download, check)):
            _draw_progress(state, job)
        for fault in state.faults:
            st.warning(plain(message(fault.code, language(), **fault.values)), icon=":material/swap_horiz:")
        if state.can_download and not services().is_member:
            licence.draw(state, is_told=is_told)
        if not check:
            _draw_verified(state)
        if state.is_needed or state.ready:
            _draw_files(state)
        if not services().is_member:
            places.draw(state)


def _badge(state: FamilyState, download: JobView | None) -> str:
    if not state.is_needed:
        return f":gray-badge[{say('models.state_not_needed')}]"
    if state.ready:
        return f":green-badge[{say('machine.state_ready')}]"
    if download is not None:
        return f":blue-badge[{say('models.state_downloading')}]"
    if state.faults:
        return f":red-badge[{say('models.state_foreign')}]"
    if any(file.received_bytes for file in state.files):
        return f":orange-badge[{say('models.state_paused')}]"
    begun = any(file.state != "missing" for file in state.files)
    return f":orange-badge[{say('models.state_partly')}]" if begun else f":gray-badge[{say('machine.state_missing')}]"


def _draw_buttons(state: FamilyState, download: JobView | None, check: JobView | None) -> None:
    if download is not None:
        st.button(
            say("models.pause"),
            key=f"pause-{state.name}",
            icon=":material/pause:",
            on_click=notices.attempt,
            args=(ask(flows.models.pause), state.name),
        )
    elif not state.ready and state.can_download and not state.needs_acceptance:
        is_begun = state.received_bytes > 0
        label = say("models.resume" if is_begun else "machine.download_size", size=size(state.missing_bytes))
        st.button(
            label,
            key=f"download-{state.name}",
            icon=":material/play_arrow:" if is_begun else ":material/download:",
            on_click=notices.attempt,
            args=(ask(flows.models.download), state.name),
        )
    if state.can_download and any(file.state == "present" for file in state.files) and not (download or check):
        st.button(
            say("models.verify"),
            key=f"verify-{state.name}",
            icon=":material/fact_check:",
            type="tertiary",
            on_click=notices.attempt,
            args=(ask(flows.models.start_verifying), state.name),
        )


def _draw_place(state: FamilyState) -> None:
    if state.folder is None or not (state.ready or state.is_needed):
        return
    where = plain(str(state.folder))
    if state.ready:
        st.caption(say("models.place", folder=where, size=size(state.size_bytes)))
    else:
        here, total = size(state.received_bytes), size(state.size_bytes)
        key = "models.place_missing" if state.received_bytes else "models.place_nothing"
        st.caption(say(key, folder=where, here=here, total=total))


def _draw_progress(state: FamilyState, job: JobView) -> None:
    """How far, how fast, how long; and each file that is on its way."""
    progress = job.progress
    if job.state == "queued" or not progress.total:
        text = say("models.asking_hub") if job.state == "running" else live.describe(job)
        st.markdown(f":material/schedule: {plain(text)}")
        return
    parts = [say("models.so_far", here=size(progress.step * 2**20), total=size(progress.total * 2**20))]
    if progress.seconds_per_step:
        parts.append(f"{size(round(2**20 / progress.seconds_per_step))}/s")
    if progress.eta_seconds is not None:
        parts.append(say("jobs.eta", time=duration(progress.eta_seconds)))
    st.progress(live.share(job), text=plain(" · ".join(parts)))
    for file in state.files:
        if file.received_bytes and job.kind == "download":
            share = say("models.so_far", here=size(file.received_bytes), total=size(file.size_bytes))
            st.caption(f":material/downloading: {plain(file.path)} · {share}")
    if job.kind == "verify" and progress.note:
        st.caption(f":material/fact_check: {plain(progress.note)}")


def _draw_verified(state: FamilyState) -> None:
    found = flows.models.last_verified(services(), state.name)
    if found is None:
        return
    when = ago_day(found.asked_at) if found.asked_at else ""
    if not found.wrong:
        key = "models.verified_well" if found.source else "models.verified_alone"
        st.caption(f":material/check: {say(key, n=len(found.files), when=when)}")
    elif not state.ready or not found.aside:
        st.warning(_wrong_text(found), icon=":material/rule:")


def _wrong_text(found: VerifyResult) -> str:
    listed = [
        f"{file.name} ({say(f'machine.file.{file.state}' if file.state not in _VERDICTS else f'models.{file.state}')})"
        for file in found.wrong[:_WRONG_SHOWN]
    ]
    key = "models.verified_aside" if found.aside else "models.verified_wrong"
    return plain(say(key, listed="; ".join(listed), n=len(found.wrong)))


_VERDICTS = ("other_size", "other_hash")


def _draw_files(state: FamilyState) -> None:
    present = sum(file.state == "present" for file in state.files)
    with folded.expander(say("machine.files"), key=f"files-{state.name}", note=f"{present} / {len(state.files)}"):
        st.caption(say("machine.source", source=plain(state.source)))
        for file in state.files:
            arrived = ""
            if file.received_bytes:
                arrived = f" · {say('models.arrived', size=size(file.received_bytes))}"
            st.markdown(
                f"{_FILE_ICONS[file.state]} {plain(file.path)} · {size(file.size_bytes)} · "
                f"{say(f'machine.file.{file.state}')}{arrived}"
            )
