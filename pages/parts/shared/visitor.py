"""Who asks, where a class shares one server: the person whom the proxy named, for a session and for a single request.

`class_guard` has believed the proxy, or refused the visitor, before anything here is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from story_engine.domain.user_name import user_name
from story_engine.errors import FixInput

SESSION_KEY = "story_studio_user"
"""Under which Streamlit keeps the header with each session; it gives one back to a connection of the same name only."""
R = TypeVar("R")
_asking: ContextVar[str | None] = ContextVar("asking", default=None)


@contextmanager
def asking(name: str) -> Iterator[None]:
    """For the length of one request or connection."""
    token = _asking.set(name)
    try:
        yield
    finally:
        _asking.reset(token)


def name() -> str:
    """Of whoever asks.

    Raises:
        FixInput: nobody does, such as in a thread of our own: then nobody's workspace is opened.
    """
    session = get_script_run_ctx(suppress_warning=True)
    found = _asking.get() if session is None else _of_header(session.user_info.get(SESSION_KEY))
    if found is None:
        raise FixInput("members.nobody")
    return found


def of_session(session: str, header: str) -> str | None:
    """Whose session it is, by the header that it was opened with; None for one that is not connected."""
    client = runtime.get_instance().get_client(session)
    context = None if client is None else client.client_context
    if context is None:
        return None
    return next((_of_header(value) for name, value in context.headers if name.lower() == header), None)


def only_for_me(read: Callable[[], R]) -> Callable[[], R]:
    """`read` for the one who asks now, and for nobody else who learns by which name the browser asks for it."""
    owner = _name_or_none()

    def guarded() -> R:
        if _name_or_none() != owner:
            raise FixInput("members.nobody")
        return read()

    return guarded


def _name_or_none() -> str | None:
    try:
        return name()
    except FixInput:
        return None


def _of_header(value: object) -> str | None:
    return user_name(value.encode("latin-1")) if isinstance(value, str) else None
