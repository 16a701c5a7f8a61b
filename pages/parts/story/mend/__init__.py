"""A spot of a take is painted over with a brush, and what is to be there is said: in a dialog over the story."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from pages.parts.shared import notices, picture_route
from pages.parts.shared.component_data import given
from pages.parts.shared.services import services
from pages.parts.shared.wording import say
from pages.parts.story import redraw
from story_engine import flows
from story_engine.domain.gallery import PictureKey
from story_engine.domain.recipe import MOST_STRENGTH
from story_engine.domain.take import Take

TRIES = (1, 2, 4)
LEAST_STRENGTH = 0.3
"""Less than that changes nothing that anybody would mend."""
_OPEN = "mend-open"
_TEXTS = (
    *("brush", "eraser", "undo", "clear", "size", "tools", "picture", "canvas", "hint", "keys", "words", "placeholder"),
    *("strength", "tries", "send", "nothing", "wordless", "sent"),
)
_HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "story_studio_mend_spot",
    css=(_HERE / "component.css").read_text(encoding="utf-8"),
    js=(_HERE / "component.js").read_text(encoding="utf-8"),
)


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
            _draw(take)

    over()


def _draw(take: Take) -> None:
    key = f"mend-{take.id}"
    _mount(
        key=key,
        data=given(
            take=take.id,
            picture=picture_route.picture(PictureKey(take.story, take.scene, take.id)),
            width=take.recipe.width,
            height=take.recipe.height,
            strength=flows.mend.STRENGTH,
            strengths=[LEAST_STRENGTH, MOST_STRENGTH],
            tries=list(TRIES),
            longest=flows.mend.LONGEST_WORDS,
            texts={name: say(f"mend.{name}") for name in _TEXTS},
        ),
        on_painted_change=lambda: redraw.whole(_take_in, take, key),
    )


def _take_in(take: Take, key: str) -> None:
    sent = getattr(st.session_state.get(key), "painted", None)
    if not isinstance(sent, Mapping) or sent.get("take") != take.id:
        return
    strength, tries = sent.get("strength"), sent.get("tries")
    try:
        mask = base64.b64decode(str(sent.get("mask")), validate=True)
    except (binascii.Error, ValueError):
        mask = b""  # the verb says what is wrong with it
    flows.mend.mend(
        services(),
        take.story,
        take.scene,
        take.id,
        mask=mask,
        words=str(sent.get("words") or ""),
        strength=float(strength) if isinstance(strength, int | float) else flows.mend.STRENGTH,
        takes=int(tries) if isinstance(tries, int | float) else 1,
    )
    _close()
    notices.tell("mend.queued", n=take.serial)


def _close() -> None:
    st.session_state.pop(_OPEN, None)
