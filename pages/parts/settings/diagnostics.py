"""What one can send when asking for help."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.parts.shared import notices, zip_download
from pages.parts.shared.services import services
from pages.parts.shared.wording import say
from story_engine import flows

_READY = "diagnostics-ready"


def draw() -> None:
    """A button that writes the zip, then the zip."""
    st.header(say("help.title"), anchor=False)
    st.caption(say("help.text"))
    st.button(
        say("help.make"),
        key="make-diagnostics",
        icon=":material/medical_information:",
        on_click=notices.attempt,
        args=(_make,),
    )
    path: Path | None = st.session_state.get(_READY)
    if path is not None and path.is_file():
        zip_download.draw(path, key="download-diagnostics")


def _make() -> None:
    st.session_state[_READY] = flows.diagnostics.save_diagnostics(services())
