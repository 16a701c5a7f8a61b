"""Callbacks run to their end: what somebody does meanwhile comes after them, not in their middle.

Streamlit stops a run for the next event wherever it reads the session's state, in callbacks too: whoever goes on
typing while a click is carried out would lose the click, or half of it (an outfit that has its new name on the disk
and not in the session, so that its words are typed into a field that goes). Between the callbacks and the page, and
everywhere in the page, a run stops as before. The run of the next event, which Streamlit has begun meanwhile in a
thread of its own, carries its callbacks out behind those of the one that it replaces.
"""

from __future__ import annotations

import functools
import threading
from typing import Any

from streamlit.runtime.state.safe_session_state import SafeSessionState

_WHOLE = "callbacks_are_whole"
_turns: dict[int, threading.Lock] = {}
"""By the address of a session's state, which its runs share; the next session at that address uses the lock again."""


def ensure() -> None:
    """For all sessions of this process; once is enough, and more often changes nothing."""
    carry_out = SafeSessionState.on_script_will_rerun
    if hasattr(carry_out, _WHOLE):
        return

    @functools.wraps(carry_out)
    def carry_out_whole(state: SafeSessionState, *args: Any, **values: Any) -> None:
        stop_if_asked = state._yield_callback
        stop_if_asked()
        with _turns.setdefault(id(state._state), threading.Lock()):
            object.__setattr__(state, "_yield_callback", lambda: None)  # its own way to set what is no session state
            try:
                carry_out(state, *args, **values)
            finally:
                object.__setattr__(state, "_yield_callback", stop_if_asked)

    setattr(carry_out_whole, _WHOLE, True)
    SafeSessionState.on_script_will_rerun = carry_out_whole  # type: ignore[assignment, method-assign]
