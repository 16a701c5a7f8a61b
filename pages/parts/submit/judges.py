"""The judge view: one HTML file to show in the live defence."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.parts.shared.services import services
from pages.parts.shared.wording import language, say
from pages.parts.story import head
from story_engine import flows
from story_engine.flows.bundle_plan import BundlePlan


def draw(plan: BundlePlan) -> None:
    """The button; the file is made when it is pressed."""
    if not plan.pictures:
        return
    st.download_button(
        say("judge.download"),
        data=partial(
            flows.judge_view.judge_view, services(), plan.opened, language=language(), threshold=head.threshold()
        ),
        file_name=f"{plan.opened.slug}-judge.html",
        mime="text/html",
        key=f"judge-{plan.opened.slug}",
        icon=":material/co_present:",
        help=say("judge.download_hint"),
        on_click="ignore",
    )
