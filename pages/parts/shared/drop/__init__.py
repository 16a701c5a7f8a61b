"""A picture dropped anywhere on any page, or chosen by its button: what it says about how it was made is asked for.

The browser leaves the pixels of a PNG out: what is read lies beside them, and a text of some kilobytes is sent where
the picture would be megabytes.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from pages.parts.shared import notices, use_picture
from pages.parts.shared.component_data import given
from pages.parts.shared.wording import say
from story_engine.domain.story import MOST_SCENES
from story_engine.errors import FixInput

KEY = "drop-picture"
LARGEST_SENT_BYTES = 15_000_000
"""Of all files together, without the pixels of PNG; Streamlit takes 25 MB, and text makes a third more of them."""
_LONGEST_NAME = 200
_HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "story_studio_drop_picture",
    css=(_HERE / "component.css").read_text(encoding="utf-8"),
    js=(_HERE / "component.js").read_text(encoding="utf-8"),
)


def draw() -> None:
    """The button; the whole window is the place to drop on."""
    _mount(
        key=KEY,
        data=given(
            texts={name: say(f"drop.{name}") for name in ("button", "here")},
            most_files=MOST_SCENES,
            most_bytes=LARGEST_SENT_BYTES,
        ),
        on_dropped_change=lambda: notices.attempt(_take_in),
    )


def _take_in() -> None:
    sent = getattr(st.session_state.get(KEY), "dropped", None)
    if not isinstance(sent, Mapping):
        return
    files, size = sent.get("files"), sent.get("too_large")
    if isinstance(size, int | float):
        megabytes = LARGEST_SENT_BYTES // 10**6
        raise FixInput("gallery.dropped_too_large", size=round(size / 1e6), limit=megabytes)
    read = [_file(each) for each in (files if isinstance(files, list) else [])[:MOST_SCENES]]
    use_picture.ask_for_files([each for each in read if each is not None])


def _file(sent: object) -> tuple[str, bytes] | None:
    if not isinstance(sent, Mapping) or not isinstance(sent.get("content"), str):
        return None
    try:
        content = base64.b64decode(sent["content"], validate=True)
    except (binascii.Error, ValueError):
        return None
    return str(sent.get("name") or "–")[:_LONGEST_NAME], content
