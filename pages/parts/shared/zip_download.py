"""The button that hands over a zip which has been written."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.parts.shared import visitor
from pages.parts.shared.wording import plain, say, size


def draw(path: Path, *, key: str) -> None:
    """Download `path`; its bytes are read when the button is pressed, not when the page is drawn."""
    st.download_button(
        say("submit.download", name=plain(path.name), size=size(path.stat().st_size)),
        data=visitor.only_for_me(path.read_bytes),
        file_name=path.name,
        mime="application/zip",
        key=key,
        icon=":material/download:",
        on_click="ignore",
    )
