"""The engine that every session of this process shares, and where its files lie."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

import streamlit as st

from story_engine.bootstrap import open_engine
from story_engine.config import Config, read_config
from story_engine.engine import Engine
from story_engine.store.layout import Layout

LOG_BYTES = 1_000_000
LOG_FILES = 3


def engine() -> Engine:
    """The one engine of this process."""
    config = read_config()
    return _opened(str(config.workspace), str(config.stories), config)


def workspace() -> Path:
    """Where everything generated lies."""
    return read_config().workspace


@st.cache_resource(show_spinner=False, scope="global")
def _opened(workspace: str, stories: str, _config: Config) -> Engine:  # noqa: ARG001 - the two name the cached engine
    _log_to_file(Layout.of(_config).logs)
    return open_engine(_config)


def _log_to_file(folder: Path) -> None:
    """The pages' own log, beside those of the dispatcher: where the id of an unexpected error leads to."""
    folder.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(
        folder / "pages.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger("pages").addHandler(handler)
