"""Stories as cards with cover picture and progress, and everything that can be done with a whole story."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.parts.home import new_story
from pages.parts.shared import frame, notices, opened
from pages.parts.shared.services import services
from pages.parts.shared.wording import ago, family_title, labels, language, plain, say
from pages.parts.story.panel_picture import jpeg
from story_engine import flows
from story_engine.domain.views import StoryCard

PER_PAGE = 24
"""Cards are what a rerun costs."""
_PAGE_KEY = "shelf-page"
_ACTIONS = ("rename", "duplicate", "delete")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The stories of the page that is open."""

    cards: tuple[StoryCard, ...]
    pages: int

    @property
    def is_a_newcomers(self) -> bool:
        """Whether nothing has been painted yet."""
        return self.pages == 1 and not any(card.rendered for card in self.cards)


def read() -> Shelf:
    """What this page of the shelf holds."""
    number = int(st.session_state.get(_PAGE_KEY, 1))
    page = flows.shelf.numbered_page(services(), number, per_page=PER_PAGE)
    pages = max(1, -(-page.stories // PER_PAGE))
    if not page.cards and page.stories:  # the last story of the last page has gone
        st.session_state[_PAGE_KEY] = pages
        page = flows.shelf.numbered_page(services(), pages, per_page=PER_PAGE)
    return Shelf(cards=page.cards, pages=pages)


def draw_head(shelf: Shelf) -> None:
    """Title and the way to a new story."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title(say("home.title"), anchor=False, width="content")
        new_story.draw_button(is_first_step=not shelf.is_a_newcomers)


def draw(shelf: Shelf) -> None:
    """All stories; for a newcomer, what to do first."""
    if shelf.is_a_newcomers:
        _draw_welcome()
    if shelf.cards:
        grid = st.grid(3, min_column_width=270, gap=22, key="shelf")
        for card in shelf.cards:
            with grid.cell():
                _draw_card(card, family_title(card.family))
    if shelf.pages > 1:
        with st.container(horizontal=True, horizontal_alignment="center", key="shelf-pages"):
            st.pagination(shelf.pages, key=_PAGE_KEY, persist_state="session")


def _draw_welcome() -> None:
    with st.container(key="card-welcome"):
        st.header(say("welcome.title"), anchor=False)
        st.markdown(say("welcome.text"))
        steps = st.grid(3, min_column_width=220)
        for number, icon in enumerate(("edit_note", "palette", "outbox"), start=1):
            with steps.cell():
                st.markdown(f":material/{icon}: **{say(f'welcome.step{number}')}**")
                st.caption(say(f"welcome.step{number}_text"))
        new_story.draw_templates()


def _draw_card(card: StoryCard, family: str) -> None:
    with st.container(key=f"shelf-card-{card.slug}", gap="xsmall"):
        with st.container(key=f"cover-{card.slug}", gap=None):
            if card.cover is not None:
                st.image(jpeg(card.cover), width="stretch", alt=say("home.cover_of", title=card.title))
            else:
                with st.container(key=f"blank-{card.slug}"):
                    st.markdown(":material/broken_image:" if card.problem else ":material/imagesmode:")
            if card.problem is None:
                with st.container(key=f"whole-{card.slug}"):
                    if st.button(say("home.open", title=plain(card.title)), key=f"open-{card.slug}"):
                        frame.go("story", story=card.slug)
        with st.container(key=f"shelf-text-{card.slug}", gap=None):
            if card.problem is not None:
                st.markdown(f"**{plain(card.title or card.slug)}**")
                st.error(plain(card.problem.text(language())), icon=":material/error:")
                if card.is_misnamed:
                    st.caption(say("home.rename_file", name=plain(f"{card.slug}.yaml")))
                    return
            elif st.session_state.get("renaming") == card.slug:
                _draw_rename(card)
            else:
                st.markdown(f"**{plain(card.title) or say('home.untitled')}**")
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                if card.problem is None:
                    done = say("home.panels", done=card.rendered, all=card.scenes)
                    st.caption(f"{done} · {plain(family)} · {ago(card.updated_at)}", width="stretch")
                actions = _ACTIONS if card.problem is None else ("delete",)
                st.menu_button(
                    say("action.more"),
                    actions,
                    format_func=labels("home.", actions).__getitem__,
                    key=f"icon-more-{card.slug}",
                    icon=":material/more_horiz:",
                    type="tertiary",
                    on_click=_chosen,
                    args=(card.slug, card.title),
                )


def _draw_rename(card: StoryCard) -> None:
    key = f"rename-{card.slug}"
    st.session_state.setdefault(key, card.title)
    st.text_input(
        say("home.new_title"),
        key=key,
        label_visibility="collapsed",
        on_change=notices.attempt,
        args=(_rename, card.slug, key),
    )


def _rename(slug: str, key: str) -> None:
    title = st.session_state[key].strip()
    if title:
        services().stories.rename(slug, title)
    st.session_state.pop("renaming", None)


def _chosen(slug: str, title: str) -> None:
    notices.attempt(_do, st.session_state[f"icon-more-{slug}"], slug, title)


def _do(action: str | None, slug: str, title: str) -> None:
    if action == "rename":
        st.session_state["renaming"] = slug
    elif action == "duplicate":
        services().stories.duplicate(slug)
        notices.tell("done.duplicated", title=title)
    elif action == "delete":
        token = services().stories.delete(slug)
        opened.forget(slug)
        notices.tell("done.story_deleted", title=title, undo=notices.Undo(kind="story", token=token))
