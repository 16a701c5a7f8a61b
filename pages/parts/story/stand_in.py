"""The one clear choice when a story asks for a model that is not on this machine."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import frame, notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import family_title, plain, say
from pages.parts.story import toolbar
from story_engine import flows
from story_engine.domain.story import Story


def draw(slug: str, story: Story, *, renders: bool = True) -> None:
    """The banner, only while the family is missing and no stand-in is chosen; `renders`: its button does that, too."""
    settings = story.settings
    families = {family.name: family for family in flows.machine.inspect(services()).families}
    wanted = families.get(settings.family)
    if wanted is None or wanted.ready:
        return
    title = plain(family_title(wanted.name))
    if settings.stand_in is not None:
        _draw_reminder(slug, title, settings.stand_in)
        return
    ready = next((family for family in families.values() if family.ready), None)
    with st.container(key="card-stand-in", gap="small"):
        st.markdown(f":material/info: **{say('stand_in.title', family=title)}**")
        st.markdown(say("stand_in.text" if ready is not None else "stand_in.none_ready", family=title))
        with st.container(horizontal=True):
            if ready is not None:
                st.button(
                    say("stand_in.use" if renders else "stand_in.use_here", family=plain(family_title(ready.name))),
                    key="use-stand-in",
                    type="primary",
                    on_click=notices.attempt,
                    args=(_choose_and_render if renders else _choose, slug, ready.name, settings.stand_in),
                )
            if st.button(say("stand_in.download"), key="to-download", icon=":material/download:"):
                frame.go("settings")


def _draw_reminder(slug: str, title: str, chosen: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="stand-in-reminder"):
        st.caption(f":material/info: {say('stand_in.chosen', family=title)}", width="content")
        st.button(
            say("stand_in.change"),
            key="change-stand-in",
            type="tertiary",
            on_click=notices.attempt,
            args=(_choose, slug, None, chosen),
        )


def _choose_and_render(slug: str, family: str, seen: str | None) -> None:
    """The button says "render", and so it does."""
    _choose(slug, family, seen)
    toolbar.render(slug, takes=int(st.session_state.get(f"takes-{slug}", 1)))


def _choose(slug: str, family: str | None, seen: str | None) -> None:
    flows.stand_in.choose(services(), slug, family, seen=seen)
