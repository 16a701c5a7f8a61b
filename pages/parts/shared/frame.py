"""What every page begins with: language, title, style, menu, and the net that catches errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from pages.parts.shared import notices, opened, style
from pages.parts.shared.wording import draw_language_switch, language, say, settle_language

PAGES = (
    ("home", "Home.py", ":material/auto_stories:"),
    ("story", "pages/1_Story.py", ":material/brush:"),
    ("compare", "pages/2_Compare.py", ":material/grid_view:"),
    ("dataset", "pages/3_Dataset.py", ":material/photo_library:"),
    ("train", "pages/4_Train.py", ":material/model_training:"),
    ("loras", "pages/5_LoRAs.py", ":material/layers:"),
    ("submit", "pages/6_Submit.py", ":material/outbox:"),
    ("settings", "pages/7_Settings.py", ":material/tune:"),
)
"""Name, script and icon in the order of the menu."""
_OF_A_STORY = frozenset({"story", "compare", "submit"})


@contextmanager
def page(name: str) -> Iterator[None]:
    """The frame around one page's own drawing; `name` is one of PAGES."""
    settle_language()
    st.set_page_config(
        page_title=f"{say(f'nav.{name}')} · {say('app.name')}",
        page_icon="📖",
        layout="wide",
        initial_sidebar_state="auto",
    )
    style.apply(language())
    with st.sidebar:
        _menu(name)
    with notices.shown_here():
        yield
    notices.show()


def go(name: str, *, story: str | None = None) -> None:
    """Leave for another page, of `story` where it is one of a story's pages."""
    script = next(script for page_name, script, _ in PAGES if page_name == name)
    if story is not None:
        opened.remember(story)
    slug = opened.slug() if name in _OF_A_STORY else None
    st.switch_page(script, query_params={"story": slug} if slug else {})


def _menu(current: str) -> None:
    with st.container(key="app-name"):
        st.markdown(say("app.name"))
    with st.container(key="menu", gap="xxsmall"):
        for name, _, icon in PAGES:
            # A button carries text that was not yet sent along with the click; a link loses one of the two on touch.
            if st.button(
                say(f"nav.{name}"),
                key=f"nav-{name}",
                icon=icon,
                type="tertiary",
                width="stretch",
                disabled=name == current,
            ):
                go(name)
    with st.container(key="language-switch"):
        draw_language_switch()
