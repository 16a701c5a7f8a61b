"""One word everywhere: find, look at every change, replace all at once with one undo."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import fields, notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import labels, language, plain, say
from pages.parts.story.places import place_name
from story_engine import flows
from story_engine.domain.replace import SCOPES, Replacement
from story_engine.domain.search import Search
from story_engine.domain.story import Story
from story_engine.errors import StudioError

_MOST_SHOWN = 60
_OPTIONS = ("match_case", "match_width", "whole_words")


def draw(slug: str, story: Story) -> None:
    """What to look for and where, the changes that it would make, and the button that makes them."""
    left, right = st.columns(2, gap="medium")
    find = left.text_input(say("replace.find"), key=f"replace-find-{slug}", persist_state="session")
    put = right.text_input(say("replace.put"), key=f"replace-put-{slug}", persist_state="session")
    scopes = st.pills(
        say("replace.scopes"),
        SCOPES,
        selection_mode="multi",
        default=SCOPES,
        format_func=labels("replace.in_", SCOPES).__getitem__,
        key=f"replace-in-{slug}",
    )
    options = st.pills(
        say("replace.options"),
        _OPTIONS,
        selection_mode="multi",
        format_func=labels("replace.", _OPTIONS).__getitem__,
        key=f"replace-options-{slug}",
        label_visibility="collapsed",
    )
    if not find:
        st.caption(say("replace.note"))
        return
    search = Search(find=find, put=put, **{name: name in options for name in _OPTIONS})
    try:
        seen = flows.replace.preview(services(), slug, search, scopes)
    except StudioError as error:
        st.warning(plain(error.text(language())))
        return
    _draw_preview(slug, story, seen, put)


def _draw_preview(slug: str, story: Story, seen: flows.replace.Preview, put: str) -> None:
    count = sum(each.count for each in seen.replacements)
    if not count:
        st.caption(say("replace.none"))
    for change in seen.replacements[:_MOST_SHOWN]:
        st.caption(place_name(story, change.place))
        st.markdown(_marked(change, put))
    if len(seen.replacements) > _MOST_SHOWN:
        st.caption(say("replace.more", n=len(seen.replacements) - _MOST_SHOWN))
    if seen.kept:
        st.caption(f":material/info: {say('replace.kept', n=seen.kept)}")
    if count:
        st.button(
            say("replace.commit", n=count, texts=len(seen.replacements)),
            key=f"replace-commit-{slug}",
            type="primary",
            icon=":material/find_replace:",
            on_click=notices.attempt,
            args=(_commit, slug, seen),
        )


def _marked(change: Replacement, put: str) -> str:
    """The text with what goes and what comes; a value that is no running text, as old → new."""
    if not change.spans:
        return f"~~{plain(change.before)}~~ → **{plain(change.after)}**"
    new = f":green-background[{plain(put)}]" if put.strip() else ""
    marked, behind = "", 0
    for start, end in change.spans:
        marked += _kept(change.before[behind:start]) + f":red-background[~~{plain(change.before[start:end])}~~]{new}"
        behind = end
    return marked + _kept(change.before[behind:])


def _kept(text: str) -> str:
    """Words that stay, with the spaces at their ends."""
    return f"{' ' * text[:1].isspace()}{plain(text)}{' ' * (text[-1:].isspace() and bool(text.strip()))}"


def _commit(slug: str, seen: flows.replace.Preview) -> None:
    fields.save_all()
    before = services().stories.load(slug).revision
    flows.replace.replace(services(), slug, seen)
    count = sum(each.count for each in seen.replacements)
    notices.tell("done.replaced", n=count, undo=notices.Undo(kind="revision", token=str(before), story=slug))
