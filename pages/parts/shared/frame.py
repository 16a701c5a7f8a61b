"""What every page begins with: language, title, style, menu, and the net that catches errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from pages.parts.shared import (
    drop,
    fields,
    focus,
    left_pages,
    menu_closes,
    notices,
    own_words,
    queue_panel,
    style,
    typing,
    use_picture,
    whole_callbacks,
)
from pages.parts.shared.travel import PAGES, go
from pages.parts.shared.wording import draw_language_switch, language, say, settle_language

__all__ = ["PAGES", "go", "page"]


@contextmanager
def page(name: str) -> Iterator[None]:
    """The frame around one page's own drawing; `name` is one of PAGES."""
    whole_callbacks.ensure()
    left_pages.ensure()
    settle_language()
    st.set_page_config(
        page_title=f"{say(f'nav.{name}')} · {say('app.name')}",
        page_icon="📖",
        layout="wide",
        initial_sidebar_state="auto",
    )
    style.apply(language())
    own_words.draw()
    focus.draw()
    fields.start_run()
    typing.start_run()
    notices.enter(name)
    with st.sidebar:
        _menu(name)
    with notices.shown_here():
        yield
        use_picture.draw()
    notices.show()
    typing.draw()
    menu_closes.draw(name)


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
    queue_panel.draw()
    with st.container(key="language-switch"):
        draw_language_switch()
    with st.container(key="drop"):
        drop.draw()
