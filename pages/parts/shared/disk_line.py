"""A line of warning wherever work goes on while the disk is nearly full."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.engine import engine
from pages.parts.shared.wording import language, plain
from story_engine.messages import message


def draw() -> None:
    """Nothing while there is enough room."""
    free = engine().disk.low_bytes()
    if free is not None:
        st.warning(plain(message("disk.low", language(), free=round(free / 1e6))), icon=":material/hard_drive:")
