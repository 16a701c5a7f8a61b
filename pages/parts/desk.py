"""The engine that every session of this process shares, and where its files lie."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from story_engine.bootstrap import open_engine
from story_engine.config import Config, read_config
from story_engine.engine import Engine


def engine() -> Engine:
    """The one engine of this process."""
    config = read_config()
    return _opened(str(config.workspace), str(config.stories), config)


def workspace() -> Path:
    """Where everything generated lies."""
    return read_config().workspace


@st.cache_resource(show_spinner=False, scope="global")
def _opened(workspace: str, stories: str, _config: Config) -> Engine:  # noqa: ARG001 - the two name the cached engine
    return open_engine(_config)
