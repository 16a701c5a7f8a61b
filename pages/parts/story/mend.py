"""A spot of a take is painted over with a brush, and what is to be there is said: in a dialog over the story."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.parts.shared import notices, picture_route
from pages.parts.shared.services import services
from pages.parts.shared.wording import family_title, plain, say
from pages.parts.story import brush
from story_engine import flows
from story_engine.domain.gallery import PictureKey
from story_engine.domain.recipe import MOST_STRENGTH
from story_engine.domain.take import Take

TRIES = (1, 2, 4)
LEAST_STRENGTH = 0.3
"""Less than that changes nothing that anybody would mend."""
_PEN = brush.Pen(ink="#e0245e", sizes=(0.01, 0.08, 0.4))
_TEXTS = (
    *("picture", "canvas", "hint", "words", "placeholder"),
    *("strength", "tries", "send", "nothing", "wordless", "sent"),
)
_OPEN = "mend-open"


def ask(slug: str, take: Take) -> None:
    """Open the dialog for a take in the next run."""
    st.session_state[_OPEN] = (slug, take.scene, take.id)


def draw(slug: str) -> None:
    """The dialog, while it is open."""
    story, scene, take_id = st.session_state.get(_OPEN, ("", "", ""))
    take = services().takes.find(story, scene, take_id) if story == slug else None
    if take is None:
        return

    @st.dialog(say("mend.title", n=take.serial), width="large", on_dismiss=_close)
    def over() -> None:
        with notices.shown_here():
            if take.recipe.cast or take.recipe.controls:
                st.caption(say("mend.alone"))
            inpainting = _draw_painter(take)
            brush.draw(
                take.id,
                texts={name: say(f"mend.{name}") for name in _TEXTS},
                picture=picture_route.picture(PictureKey(take.story, take.scene, take.id)),
                size=(take.recipe.width, take.recipe.height),
                pen=_PEN,
                asked=brush.Asked(
                    strength=_usual_strength(inpainting),
                    strengths=(LEAST_STRENGTH, MOST_STRENGTH),
                    tries=TRIES,
                    longest=flows.mend.LONGEST_WORDS,
                ),
                take_in=partial(_take_in, take, inpainting),
            )

    over()


def _draw_painter(take: Take) -> bool:
    """Whether the network that is made for spots paints; says where there is one that is not here."""
    offer = flows.mend.inpainting_of(services(), take.recipe.family)
    if offer.state == "missing":
        st.caption(f":material/cloud_download: {say('mend.no_inpainting', name=_name(offer))}")
    if offer.state != "ready":
        return False
    names = {True: _name(offer), False: plain(family_title(take.recipe.family))}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(say("mend.painter"), help=say("mend.painter_help", name=_name(offer)), width="content")
        chosen = st.segmented_control(
            say("mend.painter"),
            list(names),
            format_func=names.__getitem__,
            default=True,
            required=True,
            key="mend-painter",
            label_visibility="collapsed",
            width="content",
        )
    return bool(chosen)


def _name(offer: flows.mend.Inpainting) -> str:
    return plain(family_title(offer.package))


def _usual_strength(inpainting: bool) -> float:
    return flows.mend.INPAINTING_STRENGTH if inpainting else flows.mend.STRENGTH


def _take_in(take: Take, inpainting: bool, painted: brush.Painted) -> None:
    flows.mend.mend(
        services(),
        take.story,
        take.scene,
        take.id,
        mask=painted.png,
        words=painted.words,
        strength=painted.strength,
        takes=painted.tries,
        inpainting=inpainting,
    )
    _close()
    notices.tell("mend.queued", n=take.serial)


def _close() -> None:
    st.session_state.pop(_OPEN, None)
