"""The pictures of the page in the lightbox, and what is done with one of them there."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.parts.gallery import grid, selection
from pages.parts.shared import lightbox, use_picture
from pages.parts.shared.lightbox import Ask, contents
from pages.parts.shared.services import services
from pages.parts.shared.travel import go
from story_engine import flows
from story_engine.domain.gallery import GalleryPage, GalleryPicture, PictureKey

ACTIONS = ("story", "begin", "favourite", "download", "delete")
_PLACE = "gallery"
_LEAVE_FOR = "gallery-leave-for"


def open_picture(key: PictureKey) -> None:
    """It is seen large in the next run."""
    lightbox.show(_PLACE, take=str(key))


def leave() -> None:
    """For the story of a picture, where that was asked for; its lightbox opens there at the same take."""
    key: PictureKey | None = st.session_state.pop(_LEAVE_FOR, None)
    if key is not None:
        lightbox.show(key.scene, take=key.take)
        go("story", story=key.story)


def draw(found: GalleryPage) -> None:
    """Closed until a picture is opened, and closed again while something is asked about one."""
    groups = [] if use_picture.is_open() else [_group(found)]
    lightbox.draw(story="", actions=ACTIONS, act=_act, after=_draw_again, groups=groups)


def _draw_again(ask: Ask) -> None:
    del ask  # whatever it was, the page shows other pictures, or is about to be left
    st.rerun()


def _group(found: GalleryPage) -> dict[str, Any]:
    return contents.group([_shown(picture) for picture in found.pictures], place=_PLACE, number=0, title="")


def _shown(picture: GalleryPicture) -> dict[str, Any]:
    return contents.picture(
        picture.take,
        score=picture.score,
        id=str(picture.key),
        name=grid.caption(picture),
        favourite=picture.is_favourite,
        cannot=[] if picture.can_be_opened else ["story"],
    )


def _act(ask: Ask) -> None:
    key = PictureKey.read(ask.take)
    if key is None:
        return
    picture = flows.gallery.picture(services(), key)
    if ask.kind == "story":
        st.session_state[_LEAVE_FOR] = key
    elif ask.kind == "begin":
        use_picture.ask_for_take(key)
    elif ask.kind == "favourite":
        flows.gallery.set_favourite(services(), [key], not picture.is_favourite)
    elif ask.kind == "delete":
        selection.delete((key,))
