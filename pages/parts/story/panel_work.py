"""What is being done for a panel just now, over its picture: queued, waiting for a training, being painted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts.shared.services import services
from pages.parts.shared.wording import plain, say
from story_engine import flows
from story_engine.domain.job import JobView
from story_engine.domain.panel_work import PanelWork


def slot(scene: str) -> DeltaGenerator:
    """The place for it, outside of whatever draws the picture again."""
    return st.container(key=f"work-{scene}")


def read(slug: str, active: Sequence[JobView]) -> dict[str, PanelWork]:
    """Scene id → what the `active` jobs of the story are going to do for it."""
    return flows.queue.work_on_panels(services(), slug, active) if active else {}


def draw(slots: Mapping[str, DeltaGenerator], works: Mapping[str, PanelWork]) -> None:
    """Fill the slots, by scene id, with what is being done."""
    for scene, place in slots.items():
        # In every run one place per panel: a fragment may only fill what it has reserved outside itself.
        held = place.empty()
        if scene in works:
            _draw(held, works[scene])


def described(work: PanelWork) -> str:
    """Such as "Queued · 3 pictures"."""
    said = say("panel.waiting", name=work.waits_for) if work.waits_for else say(f"panel.{work.state}")
    return said if work.pictures == 1 else f"{said} · {say('panel.pictures_to_come', n=work.pictures)}"


def _draw(place: DeltaGenerator, work: PanelWork) -> None:
    said = plain(described(work))
    if work.state == "painting":
        place.progress(work.share, text=said)
    else:
        icon = "hourglass_top" if work.state == "waiting" else "schedule"
        place.markdown(f":material/{icon}: {said}")
