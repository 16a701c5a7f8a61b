"""A new story: empty, of pasted text, or a copy of a shipped one."""

from __future__ import annotations

from itertools import count

import streamlit as st

from pages.parts.shared import frame
from pages.parts.shared.services import services
from pages.parts.shared.wording import family_title, language, plain, say
from pages.parts.story import paste
from story_engine import flows
from story_engine.domain.views import StoryCard

_EMPTY = ""


def draw_button(*, is_first_step: bool) -> None:
    """The button over the shelf; primary unless something else on the page is the first step."""
    with (
        st.container(key="home-new", width="content"),
        st.popover(say("home.new"), icon=":material/add:", type="primary" if is_first_step else "secondary"),
    ):
        templates = {card.slug: card.title for card in flows.shelf.templates(services())}
        st.text_input(say("home.new_title"), key="new-title", placeholder=say("home.new_title_hint"))
        sources = {_EMPTY: say("home.new_empty")}
        sources |= {slug: say("home.new_copy", title=title) for slug, title in templates.items()}
        st.selectbox(say("home.new_from"), list(sources), format_func=sources.__getitem__, key="new-template")
        template = st.session_state.get("new-template") or None
        if template is None:
            st.text_area(say("home.new_text"), key="new-text", height=100, placeholder=say("home.new_text_hint"))
            families = {each.name: family_title(each.name) for each in flows.machine.inspect(services()).families}
            st.segmented_control(
                say("home.new_family"),
                list(families),
                format_func=families.__getitem__,
                default=next(iter(families)),
                key="new-family",
                required=True,
                help=say("home.new_family_hint"),
            )
        if st.button(say("home.create"), key="create", type="primary", width="stretch"):
            if template is None:
                _open_new(st.session_state["new-title"].strip())
            else:
                open_copy(template, templates[template], st.session_state["new-title"].strip())


def draw_templates() -> None:
    """The shipped stories to begin with, those in the reader's language first: two clicks from a picture."""
    templates = sorted(
        flows.shelf.templates(services()), key=lambda card: _is_chinese(card.title) != (language() == "zh")
    )
    with st.container(horizontal=True):
        for place, card in enumerate(templates[:3]):
            _draw_template(card, is_first=place == 0)


def open_copy(template: str, title: str, wanted: str = "") -> None:
    """Leave for a copy of a shipped story, which keeps the original as it is and says in its name what it is."""
    name = wanted or _free_title(title)
    frame.go("story", story=flows.shelf.create(services(), name, template=template))


def _draw_template(card: StoryCard, *, is_first: bool) -> None:
    if st.button(
        say("welcome.start", title=plain(card.title)),
        key=f"start-{card.slug}",
        icon=":material/auto_stories:",
        type="primary" if is_first else "secondary",
    ):
        open_copy(card.slug, card.title)


def _open_new(title: str) -> None:
    """A story of eight scenes; what was pasted is written into them, or nothing is made where that cannot be read."""
    text = st.session_state["new-text"]
    if text.strip():
        flows.story_import.inspect(services(), [], text, each_line=True)
    slug = flows.shelf.create(services(), title or say("home.untitled"), family=st.session_state["new-family"])
    if text.strip():
        filled = flows.pasted_scenes.fill(services(), slug, text)
        if filled.notes:
            paste.tell(slug, filled)
    frame.go("story", story=slug)


def _free_title(title: str) -> str:
    taken = set(flows.shelf.titles(services()).values())
    names = (
        say("home.copy_title_n", title=title, n=n) if n > 1 else say("home.copy_title", title=title) for n in count(1)
    )
    return next(name for name in names if name not in taken)


def _is_chinese(text: str) -> bool:
    return any("一" <= letter <= "鿿" for letter in text)
