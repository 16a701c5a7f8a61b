"""The submission page. On the left what judges will see and how it scores, on the right what is handed in."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import live, notices, opened
from pages.parts.shared.services import services
from pages.parts.shared.wording import plain, say
from pages.parts.story import head, look, toolbar
from pages.parts.story import page as story_page
from pages.parts.submit import (
    bundle,
    checklist,
    coherence,
    comic,
    details,
    elsewhere,
    gate,
    judges,
    panel_notes,
    panels,
    replay,
    sheet,
    upload,
    what_if,
)
from story_engine import flows
from story_engine.flows.bundle_plan import BundlePlan


def draw() -> None:
    """The open story, read once: gate, checklist and sheet speak of the same pictures."""
    slug = opened.slug()
    if slug is None:
        story_page.choose("submit")
        return
    if st.query_params.get("story") != slug:
        st.query_params["story"] = slug
    now = flows.panels.open_story(services(), slug)
    st.title(say("submit.title", title=plain(now.story.title) or say("home.untitled")), anchor=False)
    live.follow(story=slug, quiet=True)
    left, right = st.columns([7, 5], gap="large")
    with left:
        present = gate.draw(now)
        panels.draw(now.board, present)
        what_if.draw(now)
        coherence.draw(now)
        sheet.draw(now)
        comic.draw(now)
    with right:
        plan = flows.export.plan(services(), now, threshold=head.threshold())
        details.draw(plan)
        stale = [panel.scene.id for panel in now.board.outdated if panel.stand_in_for is None]
        checklist.draw(plan.items, lambda: notices.attempt(toolbar.render, slug, scenes=stale))
        panel_notes.draw(now.story)
        bundle.draw(slug, plan.items)
        judges.draw(plan)
        replay.draw(plan)
        upload.draw(plan)
        elsewhere.draw(now)
    look.draw(now, beside_panels=False, letters=False)
    _examine(plan)


def _examine(plan: BundlePlan) -> None:
    """LoRAs that nobody has looked into yet are examined once everything else can be seen."""
    if any(lora.path is not None and lora.report is None for lora in plan.loras):
        with st.spinner(say("submit.examining")):
            flows.export.examine_loras(services(), plan)
        st.rerun()
