"""The pictures that are ticked, over all pages of the gallery, and what is done with all of them."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from pages.parts.shared import notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import say
from story_engine import flows
from story_engine.domain.gallery import GalleryPage, PictureKey, Wanted

_CHOSEN = "gallery-chosen"


def chosen() -> tuple[PictureKey, ...]:
    """In the order in which they were ticked."""
    found: tuple[PictureKey, ...] = st.session_state.get(_CHOSEN, ())
    return found


def replace(shown: Collection[PictureKey], ticked: Collection[PictureKey]) -> None:
    """Of the pictures that are shown, those that are ticked now; others stay as they are."""
    kept = [key for key in chosen() if key not in shown or key in ticked]
    st.session_state[_CHOSEN] = (*kept, *sorted(set(ticked) - set(kept)))


def draw(found: GalleryPage, wanted: Wanted) -> None:
    """How many were found; with some of them ticked, what can be done with those."""
    keys = chosen()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="gallery-selection"):
        if not keys:
            is_all = found.found == found.total
            st.caption(
                say("gallery.all", n=found.total) if is_all else say("gallery.found", n=found.found, all=found.total)
            )
        else:
            st.markdown(f"**{say('gallery.chosen', n=len(keys))}**", width="content")
        if found.found and set(keys) != {picture.key for picture in found.pictures}:
            st.button(
                say("gallery.choose_all", n=found.found),
                key="gallery-choose-all",
                type="tertiary",
                on_click=notices.attempt,
                args=(_choose_all, wanted),
            )
        if keys:
            _draw_actions(keys)


def _draw_actions(keys: tuple[PictureKey, ...]) -> None:
    st.button(say("gallery.choose_none"), key="gallery-choose-none", type="tertiary", on_click=replace, args=(keys, ()))
    st.button(
        say("gallery.favourite_many"),
        key="gallery-favourite-many",
        icon=":material/favorite:",
        on_click=notices.attempt,
        args=(_favourite, keys),
    )
    st.download_button(
        say("gallery.download_many"),
        data=lambda: flows.gallery.zipped(services(), keys),
        file_name="pictures.zip",
        mime="application/zip",
        key="gallery-download-many",
        icon=":material/download:",
        on_click="ignore",
    )
    st.button(
        say("gallery.delete_many"),
        key="gallery-delete-many",
        icon=":material/delete:",
        on_click=notices.attempt,
        args=(delete, keys),
    )


def delete(keys: tuple[PictureKey, ...]) -> None:
    """Into the trash, together, with one undo."""
    token = flows.gallery.delete(services(), keys)
    replace(keys, ())
    notices.tell("gallery.deleted", n=len(keys), undo=notices.Undo(kind="takes", token=token))


def _favourite(keys: tuple[PictureKey, ...]) -> None:
    flows.gallery.set_favourite(services(), keys, True)
    replace(keys, ())
    notices.tell("gallery.favoured", n=len(keys))


def _choose_all(wanted: Wanted) -> None:
    found = flows.gallery.look(services(), wanted)
    keys = tuple(picture.key for picture in found.pictures)
    replace(keys, keys)
