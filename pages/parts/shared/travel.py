"""The pages of the Studio, and the way from one to another."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import opened

PAGES = (
    ("home", "Home.py", ":material/auto_stories:"),
    ("story", "pages/1_Story.py", ":material/brush:"),
    ("gallery", "pages/8_Gallery.py", ":material/photo_album:"),
    ("compare", "pages/2_Compare.py", ":material/grid_view:"),
    ("dataset", "pages/3_Dataset.py", ":material/photo_library:"),
    ("train", "pages/4_Train.py", ":material/model_training:"),
    ("loras", "pages/5_LoRAs.py", ":material/layers:"),
    ("submit", "pages/6_Submit.py", ":material/outbox:"),
    ("settings", "pages/7_Settings.py", ":material/tune:"),
)
"""Name, script and icon in the order of the menu."""
_OF_A_STORY = frozenset({"story", "compare", "submit"})


def go(name: str, *, story: str | None = None) -> None:
    """Leave for another page, of `story` where it is one of a story's pages."""
    script = next(script for page_name, script, _ in PAGES if page_name == name)
    if story is not None:
        opened.remember(story)
    slug = opened.slug() if name in _OF_A_STORY else None
    st.switch_page(script, query_params={"story": slug} if slug else {})
