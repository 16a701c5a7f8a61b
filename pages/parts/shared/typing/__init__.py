"""Text is saved while it is typed: after a pause of a second, and before a page is left.

The browser makes Streamlit send a field as if it were left, with focus and caret where they are. What it is told here
is how each field reads on the disk: a field that reads differently is unsaved, however it came to that.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import streamlit as st

from pages.parts.shared.component_data import given
from pages.parts.shared.wording import say

NAME = "typing"
"""Of the fragment: whoever draws less than the whole page again, after a text may have been saved, draws this too."""
_UNFIT = re.compile(r"[^a-zA-Z0-9_-]")
_BLANKS = " \t\n"
_HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "story_studio_typing",
    css=(_HERE / "component.css").read_text(encoding="utf-8"),
    js=(_HERE / "component.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)

When = Literal["pause", "words", "leave"]
"""At each pause; at a pause unless the text is blank at an end (where blanks would be taken away); when it is left."""


@dataclass(frozen=True, slots=True)
class _Watched:
    when: When
    saved: Callable[[], object]


def start_run() -> None:
    """A page is drawn from the start."""
    _watched().clear()


def watch(key: str, saved: Callable[[], object], *, when: When = "pause") -> None:
    """The widget `key` saves itself; `saved` says how it reads on the disk."""
    _watched()[key] = _Watched(when, saved)


def focus(key: str) -> None:
    """Go to the widget `key` once the page is drawn (for callbacks): it is new, or the one that had the focus goes."""
    st.session_state["typing_focus"] = {"field": _as_class(key), "turn": st.session_state.get("typing_turn", 0) + 1}
    st.session_state["typing_turn"] = st.session_state["typing_focus"]["turn"]


@st.fragment(key=NAME)
def draw() -> None:
    """At the end of a page: tell the browser how its fields read on the disk."""
    fields: dict[str, dict[str, object]] = {}
    for key, watched in _watched().items():
        field = fields.setdefault(_as_class(key), {"when": watched.when, "saved": []})
        # Two keys may look the same to the browser, which knows letters of ours alone.
        field["saved"] = [*_list(field["saved"]), _mark(watched.saved())]
    with st.container(key=NAME):
        _mount(
            key="typing-desk",
            data=given(
                fields=fields,
                focus=st.session_state.get("typing_focus"),
                texts={name: say(f"typing.{name}") for name in ("unsaved", "leave")},
            ),
        )


def _mark(value: object) -> object:
    if not isinstance(value, str):
        return value if isinstance(value, int | float) else None
    return zlib.crc32(value.replace("\r\n", "\n").strip(_BLANKS).encode("utf-8", "surrogatepass"))


def _as_class(key: str) -> str:
    return _UNFIT.sub("-", key.strip())


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _watched() -> dict[str, _Watched]:
    watched: dict[str, _Watched] = st.session_state.setdefault("typing_watched", {})
    return watched
