"""Names of characters are offered after `{` in the prompts of a story's scenes."""

from __future__ import annotations

import re
from pathlib import Path

import streamlit as st

from pages.parts.shared.component_data import given
from pages.parts.shared.fields import Field
from pages.parts.shared.wording import say
from story_engine.domain.braces import written
from story_engine.domain.story import Story

_HERE = Path(__file__).parent
_UNFIT = re.compile(r"[^a-zA-Z0-9_-]")
_mount = st.components.v2.component(
    "story_studio_completion",
    css=(_HERE / "component.css").read_text(encoding="utf-8"),
    js=(_HERE / "component.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def draw(slug: str, story: Story) -> None:
    """Once for all prompts of the page."""
    keys = [Field(slug, scene.id, "prompt").key for scene in story.scenes]
    _mount(
        key="completion",
        data=given(
            fields=[_UNFIT.sub("-", key) for key in keys],
            names=[written(character, story.characters) for character in story.characters],
            label=say("drawer.cast"),
        ),
    )
