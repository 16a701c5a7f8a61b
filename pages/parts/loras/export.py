"""A LoRA as a file for other tools."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.parts.shared import notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import language, plain, say, size
from story_engine import flows
from story_engine.domain.lora import DIALECTS, LoraEntry, LoraReport
from story_engine.messages import message


def draw(entry: LoraEntry, report: LoraReport) -> None:
    """Three dialects; each is written on request, then downloaded."""
    grid = st.grid(3, min_column_width=280, gap="medium")
    for dialect in DIALECTS:
        with grid.cell(), st.container(key=f"card-lora-{dialect}", gap="small", height="stretch"):
            st.header(say(f"lora.dialect_{dialect}"), anchor=False)
            st.caption(say(f"lora.dialect_{dialect}_text"))
            _draw_one(entry, report, dialect)


def _draw_one(entry: LoraEntry, report: LoraReport, dialect: str) -> None:
    # What was written before a repair, another title or another trigger word is another file.
    made_of = (entry.name, dialect, entry.title, entry.trigger, len(entry.repairs), report.size_bytes)
    key = f"lora-written-{dialect}"
    made: tuple[object, Path] | None = st.session_state.get(key)
    _draw_losses(entry, report, dialect)
    if made is None or made[0] != made_of or not made[1].is_file():
        if st.button(say("lora.write"), key=f"lora-write-{dialect}", icon=":material/output:", width="stretch"):
            with st.spinner(say("lora.writing")):
                notices.attempt(_write, entry.name, dialect, key, made_of)
            st.rerun()
        return
    path = made[1]
    beside = path.with_suffix(".json")
    for file in (path, *([beside] if dialect == "challenge" and beside.is_file() else [])):
        st.download_button(
            say("submit.download", name=plain(file.name), size=size(file.stat().st_size)),
            data=file.read_bytes,
            file_name=file.name,
            mime="application/octet-stream",
            key=f"lora-download-{dialect}-{file.suffix}",
            icon=":material/download:",
            on_click="ignore",
            width="stretch",
        )


def _draw_losses(entry: LoraEntry, report: LoraReport, dialect: str) -> None:
    """What would not act in the other tool, before it is written."""
    losses = report.losses(dialect)
    for code, count in (("loras.would_leave_out", losses.left_out), ("loras.notebook_ignores", losses.ignored)):
        if count:
            text = message(code, language(), name=entry.title, count=count, total=losses.tensors)
            st.caption(f":orange[:material/warning: {plain(text)}]")


def _write(name: str, dialect: str, key: str, made_of: object) -> None:
    st.session_state[key] = (made_of, flows.loras.convert(services(), name, dialect))
