"""How the panels hold together: distances as a table, what each figure means, and what is missing for a comparison."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import notices
from pages.parts.shared.services import ask, services
from pages.parts.shared.wording import language, plain, say
from story_engine import flows
from story_engine.domain.board import OpenStory
from story_engine.domain.coherence import FEWEST_PANELS, CoherenceReport
from story_engine.flows.coherence import OTHER_SEEDS, WITHOUT_LORA
from story_engine.formats.coherence_html import STYLE, table


def draw(now: OpenStory) -> None:
    """Nothing while fewer than three panels have a picture."""
    if sum(panel.chosen is not None for panel in now.board.panels) < FEWEST_PANELS:
        return
    with st.container(key="card-coherence", gap="small"):
        st.header(say("coherence.title"), anchor=False)
        report = flows.coherence.report(services(), now)
        uses_lora = flows.coherence.uses_lora(now)
        # Titles are escaped; everything else in it is figures and the Studio's own texts.
        st.html(f'<style>{STYLE}</style><div class="coherence">{_table(report)}</div>')
        for each in flows.coherence_words.remarks(report, uses_lora=uses_lora):
            icon = ":orange[:material/warning:] " if each.is_warning else ":material/chevron_right: "
            st.markdown(f"{icon}{plain(each.text(language()))}")
        _draw_offers(now.slug, report, uses_lora=uses_lora)


def _table(report: CoherenceReport) -> str:
    return table(flows.coherence_words.heat_map(report, language()))


def _draw_offers(slug: str, report: CoherenceReport, *, uses_lora: bool) -> None:
    """Buttons for what a figure lacks."""
    kinds = (OTHER_SEEDS, WITHOUT_LORA) if uses_lora else (OTHER_SEEDS,)
    missing = [kind for kind in kinds if report.compared(kind) is None]
    if not missing and not report.unseen:
        return
    with st.container(horizontal=True, gap="small", key="coherence-offers"):
        if report.unseen:
            st.button(
                say("coherence.look"),
                key="coherence-look",
                icon=":material/visibility:",
                on_click=notices.attempt,
                args=(ask(flows.coherence.look), slug),
            )
        for kind in missing:
            st.button(
                say("coherence.render_other_seeds" if kind == OTHER_SEEDS else "coherence.render_without_lora"),
                key=f"coherence-render-{kind}",
                icon=":material/brush:",
                on_click=notices.attempt,
                args=(ask(flows.coherence.render_for), slug, kind),
            )
