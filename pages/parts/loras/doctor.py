"""The LoRA doctor: what was found, what it means, what can be mended; how strongly each block is changed."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import family_title, language, plain, say
from story_engine import flows
from story_engine.domain.finding import Finding
from story_engine.domain.lora import LoraEntry, LoraReport, Repaired
from story_engine.errors import FixInput
from story_engine.messages import message

_ICONS = {
    "ok": ":green[:material/check_circle:]",
    "warning": ":orange[:material/warning:]",
    "bad": ":red[:material/error:]",
}
_LAYERS_SHOWN = 400


def draw(entry: LoraEntry, report: LoraReport) -> None:
    """Findings and repairs on the left, the blocks on the right."""
    left, right = st.columns([7, 5], gap="large")
    with left:
        with st.container(key="card-lora-findings", gap="small"):
            for finding in report.findings:
                st.markdown(f"{_ICONS[finding.state]} {plain(_said(finding))}")
        _draw_repairs(entry, report)
    with right:
        _draw_blocks(report)
        _draw_layers(report)


def _said(finding: Finding) -> str:
    values = dict(finding.values)
    if "family" in values:
        values["family"] = family_title(str(values["family"]))
    return message(finding.code, language(), **values)


def _draw_repairs(entry: LoraEntry, report: LoraReport) -> None:
    done: Repaired | None = st.session_state.get(_done_key(entry.name))
    if not (report.repairs or entry.repairs or done):
        return
    with st.container(key="card-lora-repairs", gap="small"):
        st.header(say("lora.repairs"), anchor=False)
        for what in report.repairs:
            _draw_repair(entry, report, what)
        if done is not None:
            _draw_before_after(done)
        if entry.repairs:
            st.button(
                say("lora.undo_repair", what=say(f"lora.repair_{entry.repairs[-1].what}")),
                key="lora-undo-repair",
                icon=":material/undo:",
                type="tertiary",
                on_click=notices.attempt,
                args=(_undo, entry.name),
            )


def _draw_repair(entry: LoraEntry, report: LoraReport, what: str) -> None:
    needs_alpha = what == "alpha" or (report.alpha is None and what in st.session_state.get(_asked_key(entry.name), ()))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key=f"lora-repair-row-{what}"):
        st.markdown(f"**{say(f'lora.repair_{what}')}**  \n{say(f'lora.repair_{what}_text')}", width="stretch")
        key = f"lora-repair-alpha-{what}-{entry.name}"
        if needs_alpha:
            rank = report.ranks[0] if report.ranks else 1
            st.number_input(
                say("lora.alpha"), min_value=0.01, value=float(report.alpha or rank), step=1.0, key=key, width=120
            )
        st.button(
            say("lora.repair_do"),
            key=f"lora-repair-{what}",
            icon=":material/healing:",
            on_click=lambda: notices.attempt(
                _repair, entry.name, what, float(st.session_state[key]) if needs_alpha else None
            ),
        )


def _draw_before_after(done: Repaired) -> None:
    """What the repair changed, as two columns of figures."""
    st.markdown(f":green[:material/check_circle:] **{say('lora.repaired', what=say(f'lora.repair_{done.what}'))}**")
    rows = [
        {"": say(f"lora.{name}"), say("lora.before"): before, say("lora.after"): after}
        for name, before, after in zip(_FIGURES, _figures(done.before), _figures(done.after), strict=True)
    ]
    st.table(rows, hide_index=True)
    gone = {finding.code for finding in done.before.findings} - {finding.code for finding in done.after.findings}
    for finding in done.before.findings:
        if finding.code in gone and finding.state != "ok":
            st.markdown(f":green[:material/check:] ~~{plain(_said(finding))}~~")


_FIGURES = ("state", "format", "rank", "alpha", "layers", "tensors", "foreign")


def _figures(report: LoraReport) -> tuple[str, ...]:
    broken = sum(1 for layer in report.layers if layer.state != "ok")
    layers = f"{len(report.layers)}" + (f" ({say('lora.broken', n=broken)})" if broken else "")
    return (
        say(f"lora.state_{report.state}"),
        ", ".join((report.format, *report.dialects)),
        ", ".join(map(str, report.ranks)) or "–",
        f"{report.alpha:g}" if report.alpha is not None else say("lora.unknown"),
        layers,
        str(report.tensors),
        str(report.foreign),
    )


def _draw_blocks(report: LoraReport) -> None:
    """Bars: how much the LoRA adds to each attention block at strength 1."""
    if not report.blocks:
        return
    st.markdown(f"**{say('lora.blocks')}**", help=say("lora.blocks_help"))
    most = max(block.norm for block in report.blocks)
    for block in report.blocks:
        broken = f" · :red[{say('lora.broken', n=block.broken)}]" if block.broken else ""
        text = f"{plain(block.block)} · **{block.norm:.3g}** · {say('lora.layers_n', n=block.layers)}{broken}"
        st.progress(block.norm / most if most else 0.0, text=text)


def _draw_layers(report: LoraReport) -> None:
    if not report.layers:
        return
    with st.expander(say("lora.each_layer", n=len(report.layers)), type="compact"):
        st.dataframe(
            [
                {
                    say("lora.layer"): layer.module,
                    say("lora.state"): say(f"lora.layer_{layer.state}"),
                    say("lora.rank"): layer.rank,
                    say("lora.norm"): layer.norm,
                }
                for layer in report.layers[:_LAYERS_SHOWN]
            ],
            hide_index=True,
            height=320,
        )
    if report.metadata:
        with st.expander(say("lora.metadata"), type="compact"):
            st.json(report.metadata, expanded=False)


def _repair(name: str, what: str, alpha: float | None) -> None:
    try:
        done = flows.loras.repair(services(), name, what, alpha=alpha)
    except FixInput as error:
        if error.code == "loras.alpha_needed":
            asked = st.session_state.get(_asked_key(name), ())
            st.session_state[_asked_key(name)] = (*asked, what)
        raise
    st.session_state[_done_key(name)] = done


def _undo(name: str) -> None:
    step = services().lora_library.undo(name)
    st.session_state.pop(_done_key(name), None)
    if step is not None:
        notices.tell("lora.repair_undone", what=say(f"lora.repair_{step.what}"))


def _done_key(name: str) -> str:
    return f"lora-repaired-{name}"


def _asked_key(name: str) -> str:
    return f"lora-repair-asked-{name}"
