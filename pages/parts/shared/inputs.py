"""The widgets of fields: texts, numbers and choices that save themselves.

Each is given its value as well as its key. A click before the page is drawn to its end starts another run, in which
Streamlit sends a value that the session's state holds no more than once: a widget that the browser had not got by then
would show its default, an empty field for a text that is on the disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Literal

import streamlit as st

from pages.parts.shared import typing
from pages.parts.shared.fields import Field, prepare, save, seen
from pages.parts.shared.trouble import show_trouble


def text_area(field: Field, on_disk: str, *, label: str, placeholder: str = "", folded_label: bool = False) -> None:
    """A text that grows with what is in it."""
    prepare(field, on_disk)
    typing.watch(field.key, partial(seen, field), when=field.saved_at)
    st.text_area(
        label,
        value=st.session_state[field.key],
        key=field.key,
        height="content",
        placeholder=placeholder,
        on_change=save,
        args=(field,),
        label_visibility="collapsed" if folded_label else "visible",
    )
    show_trouble(field)


def text_input(
    field: Field,
    on_disk: str,
    *,
    label: str,
    placeholder: str = "",
    folded_label: bool = False,
    width: int | Literal["stretch"] = "stretch",
    trouble_below: bool = True,
) -> None:
    """A text of one line; `trouble_below` unless the caller has a better place for what went wrong."""
    prepare(field, on_disk)
    typing.watch(field.key, partial(seen, field), when=field.saved_at)
    st.text_input(
        label,
        value=st.session_state[field.key],
        key=field.key,
        placeholder=placeholder,
        width=width,
        on_change=save,
        args=(field,),
        label_visibility="collapsed" if folded_label else "visible",
    )
    if trouble_below:
        show_trouble(field)


def number_input(
    field: Field,
    on_disk: float | None,
    *,
    label: str,
    step: float = 1,
    placeholder: str | None = None,
    width: int | Literal["stretch"] = "stretch",
    explained: str | None = None,
    folded_label: bool = False,
) -> None:
    """A number without limits of its own: the browser would hold others back with a bubble in its own words.

    What cannot be accepted is said by the engine; `show_trouble` is for the caller, who knows where there is room.
    """
    prepare(field, on_disk)
    typing.watch(field.key, partial(seen, field), when="leave")
    st.number_input(
        label,
        # Only a number without one of its own can be emptied.
        value=None if field.may_be_blank else float(st.session_state[field.key]),
        step=float(step),
        format="%g",
        key=field.key,
        placeholder=placeholder,
        width=width,
        help=explained,
        on_change=save,
        args=(field,),
        label_visibility="collapsed" if folded_label else "visible",
    )


def choice(field: Field, on_disk: str, *, label: str, options: Mapping[str, str], explained: str | None = None) -> None:
    """One of several, by name → text."""
    prepare(field, on_disk)
    now = st.session_state[field.key]
    st.selectbox(
        label,
        list(options),
        index=list(options).index(now) if now in options else 0,
        format_func=options.__getitem__,
        key=field.key,
        help=explained,
        on_change=save,
        args=(field,),
    )
    show_trouble(field)
