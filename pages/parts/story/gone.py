"""The open story is no longer on the shelf: what was typed into it is shown, and can become a story of its own."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts.shared import fields, notices, opened
from pages.parts.shared.fields import Trouble
from pages.parts.shared.services import services
from pages.parts.shared.wording import language, plain, say
from story_engine.domain.story import Story
from story_engine.errors import StudioError


def remember(slug: str, story: Story) -> None:
    """Keep what this tab shows: the last copy, if the file goes."""
    st.session_state["story_shown"] = (slug, story)


def draw(slug: str, error: StudioError) -> None:
    """Why there is nothing to show; the unsaved texts; the way to keep them."""
    st.error(plain(error.text(language())), icon=":material/error:")
    shown: tuple[str, Story] | None = st.session_state.get("story_shown")
    unsaved = fields.unsaved(slug)
    for trouble in unsaved:
        st.caption(say("gone.unsaved"))
        st.code(trouble.field.shown(trouble.typed), language=None, wrap_lines=True)
    if shown is not None and shown[0] == slug:
        st.markdown(say("gone.text"))
        st.button(
            say("gone.keep"),
            key="keep-as-new",
            type="primary",
            icon=":material/add:",
            on_click=notices.attempt,
            args=(_keep, slug, shown[1], unsaved),
        )


def _keep(slug: str, story: Story, unsaved: Sequence[Trouble]) -> None:
    edits = [edit for each in unsaved for edit in each.field.edits(each.typed, each.field.value_in(story))]
    new = services().stories.create_from(story, edits)
    fields.forget(slug)
    opened.remember(new)
    st.query_params["story"] = new
    notices.tell("done.kept_as_new")
