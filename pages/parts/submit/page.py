"""The submission page. On the left what judges will see and how it scores, on the right what is handed in."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import live, opened
from pages.parts.shared.services import services
from pages.parts.shared.wording import plain, say
from pages.parts.story import head
from pages.parts.story import page as story_page
from pages.parts.submit import bundle, checklist, comic, elsewhere, gate, panel_notes, panels, sheet
from story_engine import flows


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
        sheet.draw(now)
        comic.draw(now)
    with right:
        items = flows.export.checklist(services(), now, threshold=head.threshold())
        checklist.draw(items)
        panel_notes.draw(now.story)
        bundle.draw(slug, items)
        elsewhere.draw(now)
