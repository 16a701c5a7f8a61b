"""A line of warning wherever work goes on while the disk is nearly full."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.services import services
from pages.parts.shared.wording import language, plain
from story_engine import flows
from story_engine.messages import message


def draw() -> None:
    """Nothing while there is enough room."""
    free = flows.room.low_bytes(services())
    if free is not None:
        st.warning(plain(message("disk.low", language(), free=round(free / 1e6))), icon=":material/hard_drive:")
