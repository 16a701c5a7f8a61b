"""Values that save themselves: a field of the story as a widget, with everything that can happen between two tabs.

The widget's own value is the truth while it holds something that the disk does not; `seen` is what the disk held when
the widget was last in step with it, and goes along with every edit as the compare of a compare-and-swap. What could
not be saved stays in the field, with the reason under it (`shared.trouble`). The widgets are in `shared.inputs`.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.parts.shared import typing
from pages.parts.shared.services import services
from story_engine.domain.edit import Edit
from story_engine.domain.story import Story
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

    @property
    def saved_at(self) -> typing.When:
        """When a text of this field is saved while it is typed."""
        return "pause"

    @property
    def is_of_story(self) -> bool:
        """Whether it lies in a story's file; what a page of another thing borrows does not."""
        return True

    def shown(self, value: object) -> str:
        """How a value of this field reads where two of them are shown beside each other."""
        return str(value)

    def value_in(self, story: Story) -> object:
        """What the widget of this field would show of `story`."""
        return getattr(story if self.scene is None else story.scene(self.scene), self.name)

    def edits(self, value: object, seen: object) -> list[Edit]:
        """What writing `value` changes in the story, with what was `seen`."""
        return [Edit(scene=self.scene, field=self.name, value=value, seen=seen)]

    def write(self, value: object, seen: object) -> None:
        """Send `value` to the engine, if the field still holds what was `seen`.

        Raises:
            EditConflict: it does not; with both values as the widget has them.
        """
        try:
            services().stories.edit(self.story, self.edits(value, seen))
        except EditConflict as error:
            theirs = self.value_in(services().stories.load(self.story))
            raise EditConflict(scene=self.scene, field=self.name, mine=value, theirs=theirs) from error


@dataclass(frozen=True, slots=True)
class Trouble:
    """An edit that was not accepted, with what was typed."""

    field: Field
    typed: object
    error: StudioError


def prepare(field: Field, on_disk: object) -> None:
    """Bring widget and disk in step before the widget is drawn, without touching anything unsaved."""
    key, state, seen = field.key, st.session_state, _seen()
    _drawn()[key] = field
    _in_this_run().add(key)
    trouble = _troubles().get(key)
    if trouble is not None:
        if key not in state:
            state[key] = trouble.typed
        return
    if key not in state:
        state[key] = on_disk
    elif state[key] != on_disk and not _differ_in_blanks(state[key], on_disk):
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


def seen(field: Field) -> object:
    """What the disk held when this tab's widget was last in step with it."""
    return _seen().get(field.key)


def trouble_of(field: Field) -> Trouble | None:
    """Why the field's value is not saved; None when it is."""
    return _troubles().get(field.key)


def settle(field: Field, value: object, theirs: object) -> None:
    """Write `value`, knowing that the disk holds `theirs`."""
    _troubles().pop(field.key, None)
    _seen()[field.key] = theirs
    put(field, value)


def drop(field: Field) -> None:
    """What could not be saved is no longer wanted."""
    _troubles().pop(field.key, None)


def unsaved(story: str) -> tuple[Trouble, ...]:
    """What this session could not save of `story`."""
    return tuple(each for each in _troubles().values() if each.field.story == story and each.field.is_of_story)


def homeless(story: str) -> tuple[Trouble, ...]:
    """Of that, what has no widget in this run: its drawer is closed, or what it belongs to was removed elsewhere."""
    return tuple(each for each in unsaved(story) if each.field.key not in _in_this_run())


def start_run() -> None:
    """A page is drawn from the start."""
    _in_this_run().clear()


def forget(story: str) -> None:
    """What could not be saved of `story` has found another place."""
    for key, trouble in list(_troubles().items()):
        if trouble.field.story == story:
            del _troubles()[key]


def _differ_in_blanks(typed: object, on_disk: object) -> bool:
    """Only at the ends: the engine takes them away, and the next word is still to come."""
    return isinstance(typed, str) and isinstance(on_disk, str) and typed.strip() == on_disk.strip()


def _seen() -> dict[str, object]:
    seen: dict[str, object] = st.session_state.setdefault("fields_seen", {})
    return seen


def _drawn() -> dict[str, Field]:
    drawn: dict[str, Field] = st.session_state.setdefault("fields_drawn", {})
    return drawn


def _troubles() -> dict[str, Trouble]:
    troubles: dict[str, Trouble] = st.session_state.setdefault("fields_troubles", {})
    return troubles


def _in_this_run() -> set[str]:
    drawn: set[str] = st.session_state.setdefault("fields_in_this_run", set())
    return drawn
