"""What painting this story takes of the machine's memory, and what is done so that it suffices."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.services import services
from pages.parts.shared.wording import plain, say, size
from story_engine import flows
from story_engine.domain.family import FAMILY_NAMES
from story_engine.domain.story import Story
from story_engine.flows.memory import MemoryView


def draw(story: Story) -> None:
    """One line, for a model that does not fit everywhere; a warning where it may not suffice."""
    settings = story.settings
    if settings.family not in FAMILY_NAMES:
        return
    controls = {use.kind for scene in story.scenes for use in scene.controls if use.weight}
    size_asked = {"width": settings.width, "height": settings.height}
    found = flows.memory.view(services(), settings.family, **size_asked, controls=controls)
    if found is None:
        return
    parts = [
        say(
            f"memory.{'gpu' if found.is_gpu else 'main'}", peak=size(found.plan.peak_bytes), free=size(found.free_bytes)
        )
    ]
    parts += _measures(found)
    if not found.fits:
        parts.append(say("memory.over"))
    icon = ":material/memory:" if found.fits else ":material/warning:"
    st.caption(f"{icon} {plain(' '.join(parts))}")


def _measures(found: MemoryView) -> list[str]:
    plan = found.plan
    told = [say(f"memory.encoder_{plan.encoder}")]
    if plan.unet != "resident":
        told.append(say(f"memory.unet_{plan.unet}", share=f"{plan.brought:.0%}"))
    if plan.decoding == "bands":
        told.append(say("memory.bands"))
    if plan.rows > 2:
        told.append(say("memory.together", n=plan.rows // 2))
    return told
