"""One LoRA: its words and strength, the doctor's report, files for other tools, its name and its end."""

from __future__ import annotations

import streamlit as st

from pages.parts.loras import doctor as lora_doctor
from pages.parts.loras import export, on_story, strengths
from pages.parts.loras.add import open_lora
from pages.parts.shared import notices
from pages.parts.shared.services import ask, services
from pages.parts.shared.wording import family_title, labels, language, plain, say, size
from story_engine import flows
from story_engine.domain.lora import LoraEntry, LoraReport
from story_engine.errors import StudioError

VIEWS = ("use", "doctor", "export")
_STRONGEST_SLIDER = 2.0


def draw(entry: LoraEntry) -> None:
    """From its name down to the view that is open."""
    st.button(
        say("lora.back"),
        key="lora-back",
        icon=":material/arrow_back:",
        type="tertiary",
        on_click=open_lora,
        args=(None,),
    )
    _draw_head(entry)
    report = entry.report or _examined(entry.name)
    if report is None:
        return
    _draw_facts(entry, report)
    key = f"lora-view-{entry.name}"
    if st.session_state.get(key) is None:
        st.session_state[key] = "doctor" if report.state == "bad" else "use"
    view = st.segmented_control(
        say("lora.view"),
        VIEWS,
        format_func=labels("lora.view_", VIEWS).__getitem__,
        key=key,
        required=True,
        label_visibility="collapsed",
        persist_state="session",
    )
    if view == "doctor":
        lora_doctor.draw(entry, report)
    elif view == "export":
        export.draw(entry, report)
    else:
        _draw_use(entry)


def _examined(name: str) -> LoraReport | None:
    """The first look opens the tensors, in a process of its own; what it cannot read is said here."""
    try:
        with st.spinner(say("lora.looking")):
            return flows.loras.inspect(services(), name)
    except StudioError as error:
        st.error(plain(error.text(language())), icon=":material/error:")
        return None


def _draw_head(entry: LoraEntry) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="lora-head"):
        key = f"lora-title-{entry.name}"
        if st.session_state.get(f"{key}-seen") != entry.title or key not in st.session_state:
            st.session_state[key] = st.session_state[f"{key}-seen"] = entry.title
        with st.container(key=f"title-story-{key}", width="stretch"):
            st.text_input(
                say("lora.name_for_people"),
                key=key,
                label_visibility="collapsed",
                max_chars=200,
                on_change=lambda: notices.attempt(ask(flows.loras.set_title), entry.name, st.session_state[key]),
            )
        with st.popover(say("lora.rename"), icon=":material/edit:", type="tertiary"):
            _draw_rename(entry)
        with st.popover(say("lora.delete"), icon=":material/delete:", type="tertiary"):
            _draw_delete(entry)


def _draw_rename(entry: LoraEntry) -> None:
    st.caption(say("lora.rename_text"))
    key = f"lora-rename-{entry.name}"
    st.session_state.setdefault(key, entry.name)
    st.text_input(say("lora.name_in_stories"), key=key)
    st.button(
        say("lora.rename"),
        key="lora-rename-do",
        type="primary",
        width="stretch",
        on_click=lambda: notices.attempt(_rename, entry.name, st.session_state[key]),
    )


def _draw_delete(entry: LoraEntry) -> None:
    used_by = flows.loras.used_by(services(), entry.name)
    if used_by:
        st.markdown(say("lora.delete_used", stories=plain(", ".join(used_by))))
    st.button(
        say("lora.delete_do", name=plain(entry.name)),
        key="lora-delete-do",
        type="primary",
        width="stretch",
        on_click=notices.attempt,
        args=(_delete, entry.name),
    )


def _draw_facts(entry: LoraEntry, report: LoraReport) -> None:
    alpha = f"{report.alpha:g}" if report.alpha is not None else say("lora.unknown")
    facts = {
        "name_in_stories": entry.name,
        "family": family_title(entry.family) if entry.family else say("lora.unknown"),
        "rank": ", ".join(map(str, report.ranks)) or "–",
        "alpha": alpha,
        "fit": f"{report.matched} / {report.expected}" if report.expected else "–",
        "size": size(entry.size_bytes),
        "source": say(f"lora.source_{entry.source}"),
    }
    with st.container(key="card-lora-facts", horizontal=True, gap="large"):
        for name, value in facts.items():
            with st.container(width="content", gap="xxsmall"):
                st.caption(say(f"lora.{name}"), help=plain(entry.source_name) if name == "source" else None)
                st.markdown(f"**{plain(value)}**")
    source = entry.provenance
    if source.run:
        known = {
            "run": source.run,
            "step": "–" if source.step is None else source.step,
            "dataset": source.dataset or "–",
        }
        st.caption(plain(say("lora.from_training", **known)))


def _draw_use(entry: LoraEntry) -> None:
    left, right = st.columns(2, gap="medium")
    with left, st.container(key="card-lora-words", gap="small"):
        key = f"lora-trigger-{entry.name}"
        if st.session_state.get(f"{key}-seen") != entry.trigger or key not in st.session_state:
            st.session_state[key] = st.session_state[f"{key}-seen"] = entry.trigger
        st.text_input(
            say("lora.trigger"),
            key=key,
            max_chars=200,
            placeholder=say("lora.trigger_hint"),
            help=say("lora.trigger_help"),
            on_change=lambda: notices.attempt(ask(flows.loras.set_trigger), entry.name, st.session_state[key]),
        )
        strength = f"lora-strength-{entry.name}"
        if st.session_state.get(strength) != entry.strength:
            st.session_state[strength] = entry.strength
        st.slider(
            say("lora.recommended"),
            min_value=min(0.0, entry.strength),
            max_value=max(_STRONGEST_SLIDER, entry.strength),
            step=0.05,
            key=strength,
            help=say("lora.recommended_help"),
            on_change=lambda: notices.attempt(
                ask(flows.loras.set_strength), entry.name, float(st.session_state[strength])
            ),
        )
    with right:
        slug = on_story.draw(entry)
    if slug is not None:
        strengths.draw(entry, slug)


def _rename(name: str, new: str) -> None:
    stories = flows.loras.rename(services(), name, new)
    open_lora(new.strip())
    notices.tell("lora.renamed", name=new.strip(), n=len(stories))


def _delete(name: str) -> None:
    token = services().lora_library.delete(name)
    open_lora(None)
    notices.tell("lora.deleted", undo=notices.Undo(kind="lora", token=token), name=name)
