"""The bundle: made, downloaded, and what is in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import streamlit as st

from pages.parts.shared import notices, zip_download
from pages.parts.shared.services import services
from pages.parts.shared.wording import say, size
from pages.parts.story import head
from story_engine import flows
from story_engine.domain.views import CheckItem
from story_engine.errors import StudioError

PRACTICE = frozenset({"submit.not_kolors", "submit.stand_in", "submit.preview_scorer", "submit.lora_other_base"})
"""What a machine without Kolors cannot put right."""


def draw(slug: str, items: tuple[CheckItem, ...]) -> None:
    """The button, and what it has written."""
    blocking = [item for item in items if item.state == "blocks"]
    with st.container(key="card-export", gap="small"):
        st.header(say("submit.bundle"), anchor=False)
        st.caption(say("submit.bundle_text"))
        anyway = False
        if blocking:
            if any(item.code in PRACTICE for item in blocking):
                st.caption(f":material/school: {say('submit.practice')}")
            anyway = st.checkbox(
                say("submit.anyway", count=len(blocking)), key=f"anyway-{slug}", help=say("submit.anyway_hint")
            )
        wanted = f"exporting-{slug}"
        is_busy = wanted in st.session_state
        st.button(
            say("submit.export_anyway") if anyway else say("submit.export"),
            key="export",
            type="secondary" if anyway else "primary",
            icon=":material/inventory_2:",
            disabled=is_busy or (bool(blocking) and not anyway),
            on_click=notices.attempt,
            args=(_begin, slug, wanted, anyway),
        )
        if is_busy:
            _go_on(slug, wanted)
        if blocking and not anyway:
            st.caption(say("submit.blocked"))
        path = made(slug)
        if path is not None:
            zip_download.draw(path, key="download-bundle")
            _draw_files(path)


def made(slug: str) -> Path | None:
    """The bundle of a story that this session has made, while it is there."""
    path: Path | None = st.session_state.get(f"bundle-{slug}")
    return path if path is not None and path.is_file() else None


def _draw_files(path: Path) -> None:
    with ZipFile(path) as bundle:
        entries = bundle.infolist()
    listed = "\n".join(f"{entry.filename.partition('/')[2]}  ({size(entry.file_size)})" for entry in entries)
    with st.expander(say("submit.files"), type="compact"):
        st.code(listed, language=None, wrap_lines=True)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A bundle that is to be written as soon as the challenge's script has scored its pictures."""

    job: int | None
    anyway: bool


def _begin(slug: str, wanted: str, anyway: bool) -> None:
    job = flows.export.begin(services(), slug, threshold=head.threshold(), anyway=anyway)
    st.session_state[wanted] = _Wanted(job, anyway)


def _go_on(slug: str, wanted: str) -> None:
    """While the script runs, say so: the bar above has its progress and its end. Then write the bundle."""
    bundle: _Wanted = st.session_state[wanted]
    job = flows.queue.job(services(), bundle.job) if bundle.job is not None else None
    if job is not None and job.is_active:
        st.caption(f":material/schedule: {say('submit.script_runs')}")
        return
    script: StudioError | None = None
    del st.session_state[wanted]
    if job is not None and job.state != "done":
        is_stopped = job.state == "cancelled" or job.error_code is None
        script = StudioError("gate.stopped") if is_stopped else StudioError(str(job.error_code), **job.error_values)
        if is_stopped or not bundle.anyway:
            notices.attempt(_refuse, script)
            st.rerun()
    with st.spinner(say("submit.exporting"), show_time=True):
        notices.attempt(_write, slug, bundle.anyway, script)
    st.rerun()


def _refuse(error: StudioError) -> None:
    raise error


def _write(slug: str, anyway: bool, script: StudioError | None) -> None:
    st.session_state[f"bundle-{slug}"] = flows.export.export(
        services(), slug, threshold=head.threshold(), anyway=anyway, script=script
    )
