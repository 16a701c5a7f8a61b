"""How far an import is, and what it refused: a fragment that looks every second while pictures come in."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import notices
from pages.parts.shared.engine import engine
from pages.parts.shared.wording import duration, language, plain, say
from story_engine.domain.picture_import import Intake
from story_engine.messages import known_codes, message

TICK_SECONDS = 1.0
_SHOWN = 40


def follow(name: str) -> None:
    """Draw the last import of a dataset, if there is anything to say about it."""
    before = engine().datasets.intake(name)
    if before is None:
        return

    @st.fragment(run_every=TICK_SECONDS if before.is_active else None)
    def tick() -> None:
        with notices.shown_here():
            intake = engine().datasets.intake(name)
            if before.is_active and (intake is None or not intake.is_active):
                st.rerun()  # it is over: once, since the next run starts from the new state
            if intake is not None:
                _draw(name, intake)

    tick()


def _draw(name: str, intake: Intake) -> None:
    with st.container(key="card-dataset-intake", gap="small"):
        if intake.is_active:
            _draw_active(name, intake)
            return
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(_summary(intake), width="stretch")
            if intake.state in ("interrupted", "failed"):
                st.button(
                    say("dataset_intake_resume"),
                    key="dataset-intake-resume",
                    icon=":material/play_arrow:",
                    on_click=notices.attempt,
                    args=(engine().datasets.resume_intake, name),
                )
            st.button(
                say("action.dismiss"),
                key="icon-dataset-intake-dismiss",
                icon=":material/close:",
                type="tertiary",
                on_click=notices.attempt,
                args=(engine().datasets.forget_intake, name),
            )
        if intake.refused:
            with st.expander(
                say("dataset_intake_refused", n=len(intake.refused)), type="compact", key=f"refused-{intake.id}"
            ):
                for refused in intake.refused[:_SHOWN]:
                    text = refused.code
                    if refused.code in known_codes():
                        text = message(refused.code, language(), **refused.values)
                    st.markdown(f":orange[:material/warning:] {plain(text)}")
                if len(intake.refused) > _SHOWN:
                    st.caption(say("dataset_and_more", n=len(intake.refused) - _SHOWN))


def _draw_active(name: str, intake: Intake) -> None:
    progress = intake.progress
    parts = [say("dataset_intake_reading")]
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
            say("dataset_intake_stop"),
            key="dataset-intake-stop",
            type="tertiary",
            on_click=notices.attempt,
            args=(engine().datasets.stop_intake, name),
        )


def _summary(intake: Intake) -> str:
    if intake.error_code is not None:
        text = intake.error_code
        if intake.error_code in known_codes():
            text = message(intake.error_code, language(), **(intake.error_values or {}))
        return f":red[:material/error:] {plain(text)}"
    if intake.state == "interrupted":
        return f":orange[:material/warning:] {say('dataset_intake_interrupted')}"
    if intake.state == "cancelled":
        return f":gray[:material/do_not_disturb_on:] {say('dataset_intake_cancelled')}"
    parts = [say("dataset_intake_added", n=intake.added)]
    if intake.same:
        parts.append(say("dataset_intake_same", n=intake.same))
    if intake.captions:
        parts.append(say("dataset_intake_captions", n=intake.captions))
    return f":green[:material/check_circle:] {' · '.join(parts)}"
