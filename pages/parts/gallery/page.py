"""The gallery from top to bottom."""

from __future__ import annotations

import streamlit as st

from pages.parts.gallery import filters, grid, look, selection
from pages.parts.gallery.grid import Change
from pages.parts.shared import notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import say
from story_engine import flows
from story_engine.domain.gallery import GalleryPage, PictureKey

_PAGE, _TURN = "gallery-page", "gallery-turn"


def draw() -> None:
    """All pictures of the workspace, or where they will come from."""
    look.leave()
    st.title(say("nav.gallery"), anchor=False)
    wanted = filters.wanted()
    found = flows.gallery.page(services(), wanted, number=int(st.session_state.get(_PAGE) or 1))
    if not found.total:
        st.markdown(say("gallery.none_yet"))
        return
    filters.draw(found)
    pages = max(1, -(-found.found // flows.gallery.PER_PAGE))
    selection.draw(found, wanted)
    if found.pictures:
        grid.draw(
            found.pictures,
            key="gallery-grid",
            turn=int(st.session_state.get(_TURN, 0)),
            chosen=selection.chosen(),
            on_open=look.open_picture,
            on_change=lambda change: notices.attempt(_take_in, found, change),
        )
    else:
        st.markdown(say("gallery.nothing_found"))
    if pages > 1:
        with st.container(horizontal=True, horizontal_alignment="center", key="gallery-pages"):
            st.session_state[_PAGE] = min(int(st.session_state.get(_PAGE) or 1), pages)
            st.pagination(pages, key=_PAGE, persist_state="session")
    look.draw(found)


def _take_in(found: GalleryPage, change: Change) -> None:
    shown: set[PictureKey] = {picture.key for picture in found.pictures}
    st.session_state[_TURN] = change.turn
    selection.replace(shown, change.chosen)
    for is_favourite in (True, False):
        keys = [key for key, value in change.favourites.items() if value is is_favourite]
        if keys:
            flows.gallery.set_favourite(services(), keys, is_favourite)
