"""The services that every session of this process shares, and where its files lie."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from functools import lru_cache, partial
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from story_engine.bootstrap import open_services
from story_engine.config import read_config
from story_engine.flows.services import Services
from story_engine.store.folders import make_folder
from story_engine.store.layout import Layout

P = ParamSpec("P")
R = TypeVar("R")
LOG_BYTES = 1_000_000
LOG_FILES = 3


def services() -> Services:
    """What all sessions of this process share. Asked for many times per run, so nothing here looks at the disk."""
    return _opened(os.environ.get("STORY_STUDIO_WORKSPACE"), os.environ.get("STORY_STUDIO_STORIES"))


def ask(verb: Callable[Concatenate[Services, P], R]) -> Callable[P, R]:
    """A verb of the flows as something that a widget can call."""
    return partial(verb, services())


def workspace() -> Path:
    """Where everything generated lies."""
    return services().config.workspace


@lru_cache(maxsize=4)
def _opened(workspace: str | None, stories: str | None) -> Services:
    del workspace, stories  # they only name the services; the configuration is read in one place
    config = read_config()
    _log_to_file(Layout.of(config).logs)
    return open_services(config)


def _log_to_file(folder: Path) -> None:
    """The pages' own log, beside those of the dispatcher: where the id of an unexpected error leads to."""
    try:
        make_folder(folder)
    except OSError as error:
        # Stories can be read without a log; whatever needs to be written says so itself.
        logging.getLogger("pages").warning("There is no log in %s: %s", folder, error)
        return
    handler = RotatingFileHandler(
        folder / "pages.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger("pages").addHandler(handler)
