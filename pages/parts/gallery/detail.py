"""One picture large, how it was made, and what is done with it."""

from __future__ import annotations

import streamlit as st

from pages.parts.gallery import grid, selection
from pages.parts.shared import frame, notices, use_picture
from pages.parts.shared.services import services
from pages.parts.shared.wording import family_title, plain, say
from story_engine import flows
from story_engine.domain.family import SAMPLER_TITLES
from story_engine.domain.gallery import GalleryPicture, PictureKey
from story_engine.errors import StudioError

_OPEN = "gallery-open"


def open_picture(key: PictureKey) -> None:
    """It is seen large from the next run on."""
    st.session_state[_OPEN] = key


def draw() -> None:
    """The picture that is open, over the page."""
    key: PictureKey | None = st.session_state.get(_OPEN)
    if key is None:
        return
    try:
        picture = flows.gallery.picture(services(), key)
    except StudioError:
        _close()
        return
    _dialog(picture)


def _dialog(picture: GalleryPicture) -> None:
    @st.dialog(plain(grid.caption(picture)), width="large", on_dismiss=_close)
    def over() -> None:
        with notices.shown_here():
            _draw(picture)

    over()


def _draw(picture: GalleryPicture) -> None:
    left, right = st.columns([3, 2], gap="medium")
    with left:
        try:
            st.image(picture.picture.read_bytes(), output_format="PNG", width="stretch", alt=grid.caption(picture))
        except OSError:
            st.caption(say("gallery.picture_gone"))
    with right:
        _draw_facts(picture)
        _draw_actions(picture)


def _draw_facts(picture: GalleryPicture) -> None:
    recipe = picture.take.recipe
    st.markdown(plain(recipe.prompt))
    if recipe.negative:
        st.caption(plain(say("recall.negative", value=recipe.negative)))
    facts = [
        say("gallery.seed", seed=recipe.seed),
        f"{recipe.width} × {recipe.height}",
        f"{SAMPLER_TITLES.get(recipe.sampler, recipe.sampler)}, {recipe.steps}, CFG {recipe.cfg_scale:g}",
        family_title(recipe.family),
        *(f"{part.name} × {part.strength:g}" for part in recipe.loras),
    ]
    if picture.score is not None:
        facts.append(f"★ {picture.score:z.2f}")
    st.caption(plain(" · ".join(facts)))
    if picture.shelf != "here":
        st.caption(f":material/info: {say(f'gallery.story_{picture.shelf}')}")
    elif not picture.can_be_opened:
        st.caption(f":material/info: {say('gallery.scene_gone')}")


def _draw_actions(picture: GalleryPicture) -> None:
    key = picture.key
    if picture.can_be_opened and st.button(
        say("gallery.open_story"), key="gallery-open-story", icon=":material/brush:", width="stretch"
    ):
        _close()
        frame.go("story", story=key.story)
    st.button(
        say("gallery.use_picture"),
        key="gallery-use",
        icon=":material/auto_stories:",
        width="stretch",
        on_click=_leave,
        args=(use_picture.ask_for_take, key),
    )
    st.button(
        say("gallery.unfavourite") if picture.is_favourite else say("gallery.favourite"),
        key="gallery-favourite",
        icon=":material/favorite:",
        width="stretch",
        on_click=_turn,
        args=(picture,),
    )
    st.download_button(
        say("gallery.download"),
        data=picture.picture.read_bytes,
        file_name=f"{key.story}-{key.scene}-{picture.take.recipe.seed}.png",
        mime="image/png",
        key="gallery-download",
        icon=":material/download:",
        width="stretch",
        on_click="ignore",
    )
    st.button(
        say("gallery.delete"),
        key="gallery-delete",
        icon=":material/delete:",
        width="stretch",
        on_click=_leave,
        args=(selection.delete, (key,)),
    )


def _turn(picture: GalleryPicture) -> None:
    notices.attempt(flows.gallery.set_favourite, services(), [picture.key], not picture.is_favourite)
    st.rerun()


def _leave(action: object, *args: object) -> None:
    """Close, then do what was asked, on the page below."""
    _close()
    if callable(action):
        notices.attempt(action, *args)
    st.rerun()


def _close() -> None:
    st.session_state.pop(_OPEN, None)
