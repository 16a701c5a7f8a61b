"""The one place where errors are caught and shown, and where a finished action says so and offers its undo.

A StudioError is a message in the reader's language. Anything else is a bug: it keeps its traceback, in the log, under
an id that the page shows.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import streamlit as st

from pages.parts.shared import wording
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
    _waiting().clear()
    try:
        action(*args, **values)
    except Exception as error:
        _waiting().append(_notice_of(error))


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


@st.fragment(key="notices")
def show() -> None:
    """Draw the messages that wait, with their undo; each stays until dismissed or until the next action."""
    waiting = _waiting()
    if not waiting:
        return
    with st.container(key="notices"):
        for place, notice in enumerate(waiting):
            kind = "error" if notice.is_error else "done"
            with st.container(
                key=f"notice-{kind}-{place}", horizontal=True, vertical_alignment="center", horizontal_alignment="right"
            ):
                st.markdown(wording.plain(notice.text()), width="stretch")
                if notice.undo is not None:
                    st.button(
                        wording.say("action.undo"),
                        key=f"undo-{place}",
                        on_click=_undo,
                        args=(notice.undo,),
                    )
                st.button(
                    wording.say("action.dismiss"),
                    key=f"icon-dismiss-{place}",
                    icon=":material/close:",
                    type="tertiary",
                    on_click=waiting.clear,
                )


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


def _waiting() -> list[Notice]:
    waiting: list[Notice] = st.session_state.setdefault("notices_waiting", [])
    return waiting
