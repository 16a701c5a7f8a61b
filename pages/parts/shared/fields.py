"""Text that saves itself: a field of the story as a widget, with everything that can happen between two tabs.

The widget's own value is the truth while it holds something that the disk does not; `seen` is what the disk held when
the widget was last in step with it, and goes along with every edit as the compare of a compare-and-swap. What could
not be saved stays in the field, with the reason under it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import streamlit as st

from pages.parts.shared import notices
from pages.parts.shared.engine import engine
from pages.parts.shared.wording import language, plain, say
from story_engine.domain.edit import Edit
from story_engine.errors import EditConflict, StudioError


@dataclass(frozen=True, slots=True)
class Field:
    """One editable field; its key names story and scene, never a position, so that no text turns up elsewhere."""

    story: str
    scene: str | None
    name: str

    @property
    def key(self) -> str:
        """Of the widget."""
        return f"field:{self.story}:{self.scene or ''}:{self.name}"

    @property
    def may_be_blank(self) -> bool:
        """Whether an empty number field means something."""
        return False

    def shown(self, value: object) -> str:
        """How a value of this field reads where two of them are shown beside each other."""
        return str(value)

    def write(self, value: object, seen: object) -> None:
        """Send `value` to the engine, if the field still holds what was `seen`.

        Raises:
            EditConflict: it does not.
        """
        engine().edit(self.story, [Edit(scene=self.scene, field=self.name, value=value, seen=seen)])


@dataclass(frozen=True, slots=True)
class Trouble:
    """An edit that was not accepted, with what was typed."""

    field: Field
    typed: object
    error: StudioError


def text_area(field: Field, on_disk: str, *, label: str, placeholder: str = "", folded_label: bool = False) -> None:
    """A text that grows with what is in it."""
    prepare(field, on_disk)
    st.text_area(
        label,
        key=field.key,
        height="content",
        placeholder=placeholder,
        on_change=save,
        args=(field,),
        label_visibility="collapsed" if folded_label else "visible",
    )
    show_trouble(field)


def text_input(field: Field, on_disk: str, *, label: str, placeholder: str = "", folded_label: bool = False) -> None:
    """A text of one line."""
    prepare(field, on_disk)
    st.text_input(
        label,
        key=field.key,
        placeholder=placeholder,
        on_change=save,
        args=(field,),
        label_visibility="collapsed" if folded_label else "visible",
    )
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
) -> None:
    """A number without limits of its own: the browser would hold others back with a bubble in its own words.

    What cannot be accepted is said by the engine; `show_trouble` is for the caller, who knows where there is room.
    """
    prepare(field, on_disk)
    st.number_input(
        label,
        value=None if field.may_be_blank else "min",
        step=float(step),
        format="%g",
        key=field.key,
        placeholder=placeholder,
        width=width,
        help=explained,
        on_change=save,
        args=(field,),
    )


def prepare(field: Field, on_disk: object) -> None:
    """Bring widget and disk in step before the widget is drawn, without touching anything unsaved."""
    key, state, seen = field.key, st.session_state, _seen()
    _drawn()[key] = field
    trouble = _troubles().get(key)
    if trouble is not None:
        if key not in state:
            state[key] = trouble.typed
        return
    if key not in state:
        state[key] = on_disk
    elif state[key] != on_disk:
        if state[key] == seen.get(key):
            state[key] = on_disk  # changed elsewhere: another tab, an undo, a take's settings
        else:
            save(field)  # a click came before the callback had ended
            return
    seen[key] = on_disk


def save(field: Field) -> None:
    """Send what is in the widget to the engine (for `on_change`)."""
    typed = st.session_state[field.key]
    if isinstance(typed, float) and typed.is_integer():
        typed = int(typed)
    seen = _seen().get(field.key)
    if (typed is None and not field.may_be_blank) or typed == seen:
        _troubles().pop(field.key, None)
        return
    try:
        field.write(typed, seen)
    except StudioError as error:
        _troubles()[field.key] = Trouble(field, typed, error)
        return
    _seen()[field.key] = typed
    _troubles().pop(field.key, None)


def save_all() -> None:
    """Save every field of the page that holds something unsaved: before an action that reads the story.

    A shortcut sends text and click together, and Streamlit does not promise which callback comes first.
    """
    for key, field in _drawn().items():
        if key in st.session_state and key not in _troubles() and st.session_state[key] != _seen().get(key):
            save(field)


def put(field: Field, value: object) -> None:
    """Write `value` into field and widget (for `on_click`: dice, keep mine, take theirs)."""
    st.session_state[field.key] = value
    save(field)


def unsaved(story: str) -> list[Edit]:
    """The texts of `story` that this session could not save, as edits."""
    found = [trouble for trouble in _troubles().values() if trouble.field.story == story]
    return [
        Edit(scene=each.field.scene, field=each.field.name, value=each.typed, seen=_seen().get(each.field.key))
        for each in found
        if type(each.field) is Field
    ]


def forget(story: str) -> None:
    """What could not be saved of `story` has found another place."""
    for key, trouble in list(_troubles().items()):
        if trouble.field.story == story:
            del _troubles()[key]


def show_trouble(field: Field) -> None:
    """Under the field: why it is not saved, and for two tabs both texts with the choice between them."""
    trouble = _troubles().get(field.key)
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
                args=(_settle, field, trouble.error.mine, trouble.error.theirs),
                width="stretch",
            )
        with theirs:
            st.caption(say("conflict.theirs"))
            st.code(field.shown(trouble.error.theirs), language=None, wrap_lines=True)
            st.button(
                say("conflict.take_theirs"),
                key=f"take-theirs-{field.key}",
                on_click=notices.attempt,
                args=(_settle, field, trouble.error.theirs, trouble.error.theirs),
                width="stretch",
            )


def _settle(field: Field, value: object, theirs: object) -> None:
    _troubles().pop(field.key, None)
    _seen()[field.key] = theirs
    put(field, value)


def _seen() -> dict[str, object]:
    seen: dict[str, object] = st.session_state.setdefault("fields_seen", {})
    return seen


def _drawn() -> dict[str, Field]:
    drawn: dict[str, Field] = st.session_state.setdefault("fields_drawn", {})
    return drawn


def _troubles() -> dict[str, Trouble]:
    troubles: dict[str, Trouble] = st.session_state.setdefault("fields_troubles", {})
    return troubles
