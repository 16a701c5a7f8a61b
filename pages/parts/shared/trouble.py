"""What could not be saved: the reason under its field, and for two tabs both values with the choice between them."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import fields, notices
from pages.parts.shared.fields import Field
from pages.parts.shared.wording import language, plain, say
from story_engine.errors import EditConflict


def show_trouble(field: Field) -> None:
    """Under the field: why it is not saved, and for two tabs both texts with the choice between them."""
    trouble = fields.trouble_of(field)
    if trouble is None:
        return
    if not isinstance(trouble.error, EditConflict):
        st.error(plain(trouble.error.text(language())), icon=":material/error:")
        return
    with st.container(border=True, key=f"conflict-{field.key}"):
        st.markdown(f"**{say('conflict.title')}**")
        mine, theirs = st.columns(2)
        with mine:
            st.caption(say("conflict.mine"))
            st.code(field.shown(trouble.error.mine), language=None, wrap_lines=True)
            st.button(
                say("conflict.keep_mine"),
                key=f"keep-mine-{field.key}",
                on_click=notices.attempt,
                args=(fields.settle, field, trouble.error.mine, trouble.error.theirs),
                width="stretch",
            )
        with theirs:
            st.caption(say("conflict.theirs"))
            st.code(field.shown(trouble.error.theirs), language=None, wrap_lines=True)
            st.button(
                say("conflict.take_theirs"),
                key=f"take-theirs-{field.key}",
                on_click=notices.attempt,
                args=(fields.settle, field, trouble.error.theirs, trouble.error.theirs),
                width="stretch",
            )


def show_homeless(story: str) -> None:
    """What could not be saved and has no field on the page just now: nothing typed is lost without a word."""
    for trouble in fields.homeless(story):
        if isinstance(trouble.error, EditConflict):
            show_trouble(trouble.field)
            continue
        with st.container(border=True, key=f"homeless-{trouble.field.key}"):
            st.error(plain(trouble.error.text(language())), icon=":material/error:")
            st.caption(say("gone.unsaved"))
            st.code(trouble.field.shown(trouble.typed), language=None, wrap_lines=True)
            st.button(
                say("action.dismiss"),
                key=f"drop-{trouble.field.key}",
                type="tertiary",
                on_click=fields.drop,
                args=(trouble.field,),
            )
