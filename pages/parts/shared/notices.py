"""The one place where errors are caught and shown, and where a finished action says so and offers its undo.

A StudioError is a message in the reader's language. Anything else is a bug: it keeps its traceback, in the log, under
an id that the page shows.
"""

from __future__ import annotations

import itertools
import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import streamlit as st

from pages.parts.shared import notice_bar, wording
from pages.parts.shared.services import services
from story_engine.errors import StudioError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """How a finished action is taken back."""

    kind: str
    """"story", "take", "takes", "dataset", "run", "lora" or "revision"."""
    token: str
    """What the engine gave for it; for a revision, its number."""
    story: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message that outlives the run it arose in."""

    key: str = ""
    """Of an interface text; empty for an error."""
    values: tuple[tuple[str, object], ...] = ()
    error: StudioError | None = None
    bug: str | None = None
    """Id under which the log has the traceback."""
    undo: Undo | None = None
    id: int = field(default_factory=itertools.count(1).__next__)
    """Tells it apart in the browser, however often it is drawn."""

    @property
    def is_error(self) -> bool:
        """Something went wrong."""
        return self.error is not None or self.bug is not None

    def text(self) -> str:
        """The message in the reader's language, not yet escaped."""
        if self.error is not None:
            return self.error.text(wording.language())
        if self.bug is not None:
            return wording.say("error.bug", id=self.bug)
        return wording.say(self.key, **dict(self.values))


def tell(key: str, *, undo: Undo | None = None, **values: object) -> None:
    """Show a message once this run draws its end."""
    _waiting().append(Notice(key=key, values=tuple(values.items()), undo=undo))


def attempt(action: Callable[..., object], *args: object, **values: object) -> None:
    """Run `action` (for `on_click`): a failure becomes a notice instead of a traceback."""
    for notice in waiting():
        if not notice.is_error:
            _remove(notice.id)
    st.session_state["notices_before"] = tuple(notice.id for notice in waiting())
    try:
        action(*args, **values)
    except Exception as error:
        failed = _notice_of(error)
        for notice in waiting():
            if notice.is_error and notice.text() == failed.text():
                _remove(notice.id)  # it is said again instead of twice
        _waiting().append(failed)


def latest() -> tuple[Notice, ...]:
    """What came of the last action."""
    before = st.session_state.get("notices_before", ())
    return tuple(notice for notice in _waiting() if notice.id not in before)


def waiting() -> tuple[Notice, ...]:
    """What will be shown once this run draws its end."""
    return tuple(_waiting())


@contextmanager
def shown_here() -> Iterator[None]:
    """Around a page or a fragment: what goes wrong inside is shown where it happened."""
    try:
        yield
    except Exception as error:
        st.error(wording.plain(_notice_of(error).text()), icon=":material/error:")


def enter(page: str) -> None:
    """A page is drawn: what another one has shown stays behind."""
    if st.session_state.get("notices_page") != page:
        for notice in st.session_state.get("notices_shown", ()):
            _remove(notice)
    st.session_state["notices_page"] = page


@st.fragment(key="notices")
def show() -> None:
    """Draw the messages that wait, with their undo: a success for five seconds, an error until it is closed."""
    notices = waiting()
    st.session_state["notices_shown"] = tuple(notice.id for notice in notices)
    bar: list[notice_bar.Shown] = []
    if notices:
        with st.container(key="notices"):
            for place, notice in enumerate(notices):
                bar.append(_draw(notice, place))
    notice_bar.draw(bar, on_left=_remove)


def _draw(notice: Notice, place: int) -> notice_bar.Shown:
    key = f"notice-{'error' if notice.is_error else 'done'}-{place}"
    with st.container(key=key, horizontal=True, vertical_alignment="center", horizontal_alignment="right"):
        st.markdown(wording.plain(notice.text()), width="stretch")
        if notice.undo is not None:
            st.button(wording.say("action.undo"), key=f"undo-{place}", on_click=_undo, args=(notice.undo,))
        st.button(
            wording.say("action.dismiss"),
            key=f"icon-dismiss-{place}",
            icon=":material/close:",
            type="tertiary",
            on_click=_remove,
            args=(notice.id,),
        )
    return notice_bar.Shown(id=notice.id, key=key, text=notice.text(), is_error=notice.is_error)


def take_back(undo: Undo) -> None:
    """Do the undo that a notice offers."""
    if undo.kind == "story":
        services().stories.restore(undo.token)
    elif undo.kind == "take":
        services().takes.restore(undo.token)
    elif undo.kind == "takes":
        services().takes.restore_many(undo.token)
    elif undo.kind == "lora":
        services().lora_library.restore(undo.token)
    elif undo.kind == "dataset":
        services().datasets.restore(undo.token)
    elif undo.kind == "run":
        services().runs.restore(undo.token)
    else:
        services().stories.go_back_to(undo.story, int(undo.token))
    tell("done.undone")


def _undo(undo: Undo) -> None:
    attempt(take_back, undo)
    st.rerun()


def _notice_of(error: Exception) -> Notice:
    if isinstance(error, StudioError):
        return Notice(error=error)
    bug = secrets.token_hex(3)
    log.error("Unexpected error %s", bug, exc_info=error)
    return Notice(bug=bug)


def _remove(notice: int) -> None:
    waiting = _waiting()
    waiting[:] = [each for each in waiting if each.id != notice]


def _waiting() -> list[Notice]:
    waiting: list[Notice] = st.session_state.setdefault("notices_waiting", [])
    return waiting
