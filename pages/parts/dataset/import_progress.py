"""How far an import is, and what it refused: a fragment that looks every second while pictures come in."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import disk_line, notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import duration, language, plain, say
from story_engine.domain.picture_import import PictureImport
from story_engine.messages import known_codes, message

TICK_SECONDS = 1.0
_SHOWN = 40


def follow(name: str) -> None:
    """Draw the last import of a dataset, if there is anything to say about it."""
    before = services().imports.state(name)
    if before is None:
        return

    @st.fragment(run_every=TICK_SECONDS if before.is_active else None)
    def tick() -> None:
        with notices.shown_here():
            importing = services().imports.state(name)
            if before.is_active and (importing is None or not importing.is_active):
                st.rerun()  # it is over: once, since the next run starts from the new state
            if importing is not None:
                _draw(name, importing)

    tick()


def _draw(name: str, importing: PictureImport) -> None:
    with st.container(key="card-dataset-import", gap="small"):
        if importing.is_active:
            disk_line.draw()
            _draw_active(name, importing)
            return
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(_summary(importing), width="stretch")
            if importing.state in ("interrupted", "failed"):
                st.button(
                    say("dataset_import_resume"),
                    key="dataset-import-resume",
                    icon=":material/play_arrow:",
                    on_click=notices.attempt,
                    args=(services().imports.resume, name),
                )
            st.button(
                say("action.dismiss"),
                key="icon-dataset-import-dismiss",
                icon=":material/close:",
                type="tertiary",
                on_click=notices.attempt,
                args=(services().imports.forget, name),
            )
        if importing.passed_over:
            _draw_passed_over(importing)
        if importing.refused:
            with st.expander(
                say("dataset_import_refused", n=importing.refused_count), type="compact", key=f"refused-{importing.id}"
            ):
                for refused in importing.refused[:_SHOWN]:
                    text = refused.code
                    if refused.code in known_codes():
                        text = message(refused.code, language(), **refused.values)
                    st.markdown(f":orange[:material/warning:] {plain(text)}")
                if importing.refused_count > _SHOWN:
                    st.caption(say("dataset_and_more", n=importing.refused_count - _SHOWN))


def _draw_passed_over(importing: PictureImport) -> None:
    count = sum(each.count for each in importing.passed_over)
    with st.expander(say("dataset_import_passed", n=count), type="compact", key=f"passed-{importing.id}"):
        for each in importing.passed_over[:_SHOWN]:
            text = message(each.code, language(), **each.values) if each.code in known_codes() else each.code
            st.markdown(f":gray[:material/info:] {plain(text)}")
        if len(importing.passed_over) > _SHOWN:
            st.caption(say("dataset_and_more", n=len(importing.passed_over) - _SHOWN))


def _draw_active(name: str, importing: PictureImport) -> None:
    progress = importing.progress
    parts = [say("dataset_import_reading")]
    if progress.total:
        parts.append(f"{progress.step} / {progress.total}")
    if progress.eta_seconds is not None:
        parts.append(say("jobs.eta", time=duration(progress.eta_seconds)))
    if progress.note:
        parts.append(progress.note)
    share = min(1.0, progress.step / progress.total) if progress.total else 0.0
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(share, text=plain(" · ".join(parts)))
        st.button(
            say("dataset_import_stop"),
            key="dataset-import-stop",
            type="tertiary",
            on_click=notices.attempt,
            args=(services().imports.stop, name),
        )


def _summary(importing: PictureImport) -> str:
    if importing.error_code is not None:
        text = importing.error_code
        if importing.error_code in known_codes():
            text = message(importing.error_code, language(), **(importing.error_values or {}))
        return f":red[:material/error:] {plain(text)}"
    if importing.state == "interrupted":
        return f":orange[:material/warning:] {say('dataset_import_interrupted')}"
    if importing.state == "cancelled":
        return f":gray[:material/do_not_disturb_on:] {say('dataset_import_cancelled')}"
    parts = [say("dataset_import_added", n=importing.added)]
    if importing.same:
        parts.append(say("dataset_import_same", n=importing.same))
    if importing.captions:
        parts.append(say("dataset_import_captions", n=importing.captions))
    return f":green[:material/check_circle:] {' · '.join(parts)}"
