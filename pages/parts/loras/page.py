"""The LoRA page from top to bottom: the library, or one LoRA of it."""

from __future__ import annotations

import streamlit as st

from pages.parts.loras import add as lora_add
from pages.parts.loras import detail
from pages.parts.loras.add import open_lora, opened_lora
from pages.parts.shared import frame
from pages.parts.shared.lora_use import title_of
from pages.parts.shared.services import services
from pages.parts.shared.wording import family_title, plain, say
from story_engine import flows
from story_engine.domain.lora import LoraEntry

STATE_COLOURS = {"ok": "green", "warning": "orange", "bad": "red"}
STATE_ICONS = {"ok": ":material/check_circle:", "warning": ":material/warning:", "bad": ":material/error:"}


def draw() -> None:
    """The opened LoRA, the library, or the way to a first one."""
    entries = {entry.name: entry for entry in services().lora_library.entries()}
    name = opened_lora()
    if name in entries:
        detail.draw(entries[name])
        return
    if name is not None:
        st.warning(say("lora.gone", name=plain(name)), icon=":material/help:")
        open_lora(None)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title(say("lora.title"), anchor=False, width="content")
        if entries:
            with st.popover(say("lora.add"), icon=":material/add:", type="primary"):
                lora_add.draw()
    if not entries:
        _draw_welcome()
        return
    st.caption(say("lora.intro"))
    grid = st.grid(3, min_column_width=300, gap="medium")
    for entry in entries.values():
        with grid.cell():
            _draw_card(entry)


def _draw_card(entry: LoraEntry) -> None:
    with st.container(key=f"card-lora-{entry.name}", gap="small", height="stretch"):
        cover = flows.lora_preview.cover(services(), entry)
        with st.container(key=f"cover-lora-{entry.name}"):
            if cover is not None:
                st.image(str(cover), width="stretch", alt=say("lora.cover", name=title_of(entry.name, entry)))
            else:
                with st.container(key=f"blank-lora-{entry.name}"):
                    st.markdown(":material/layers:")
        st.header(plain(title_of(entry.name, entry)), anchor=False)
        with st.container(horizontal=True, gap="xsmall"):
            for text, icon, colour in _badges(entry):
                st.badge(text, icon=icon, color=colour)  # type: ignore[arg-type]
        facts = [say(f"lora.source_{entry.source}"), entry.added_at[:10]]
        st.caption(plain(" · ".join(filter(None, facts))), help=plain(entry.source_name) or None)
        if entry.trigger:
            st.markdown(say("lora.trigger_is", word=plain(entry.trigger)))
        st.button(
            say("lora.open"),
            key=f"open-lora-{entry.name}",
            width="stretch",
            on_click=open_lora,
            args=(entry.name,),
        )


def _badges(entry: LoraEntry) -> list[tuple[str, str | None, str]]:
    report = entry.report
    badges: list[tuple[str, str | None, str]] = []
    if entry.family:
        badges.append((plain(family_title(entry.family)), None, "gray"))
    if report is not None and len(report.ranks) == 1:
        alpha = f"{report.alpha:g}" if report.alpha is not None else "?"
        badges.append((say("lora.rank_alpha", rank=report.ranks[0], alpha=alpha), None, "gray"))
    if report is not None:
        state = report.state
        badges.append((say(f"lora.state_{state}"), STATE_ICONS[state], STATE_COLOURS[state]))
    return badges


def _draw_welcome() -> None:
    train, own = st.columns(2, gap="medium")
    with train, st.container(key="card-lora-train", gap="small", height="stretch"):
        st.header(say("lora.welcome_train"), anchor=False)
        st.markdown(say("lora.welcome_train_text"))
        if st.button(say("nav.train"), key="lora-to-train", icon=":material/model_training:", type="primary"):
            frame.go("train")
    with own, st.container(key="card-lora-welcome", gap="small", height="stretch"):
        st.header(say("lora.welcome_file"), anchor=False)
        lora_add.draw()
