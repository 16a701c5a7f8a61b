"""The services that every session of this process shares, and where its files lie."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from functools import lru_cache, partial
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from pages.parts.shared import visitor
from story_engine.bootstrap import open_services
from story_engine.catalog.settle import settle
from story_engine.config import Config, read_config
from story_engine.flows.services import Services
from story_engine.store.folders import make_folder
from story_engine.store.layout import Layout
from story_engine.store.members import enrol

P = ParamSpec("P")
R = TypeVar("R")
LOG_BYTES = 1_000_000
LOG_FILES = 3
AWAY_SECONDS = 1800.0
"""A page that is open asks again; whoever has not asked for so long has gone."""
_NAMES = ("STORY_STUDIO_WORKSPACE", "STORY_STUDIO_STORIES", "STORY_STUDIO_USER_HEADER")


def services() -> Services:
    """What all sessions of this process share, or in a class those of one person.

    Asked for many times per run, so nothing here looks at the disk.

    Raises:
        FixInput: it is a class, and nobody asks.
    """
    shared = _opened(*map(os.environ.get, _NAMES))
    return shared.of(visitor.name()) if isinstance(shared, ClassServices) else shared


def ask(verb: Callable[Concatenate[Services, P], R]) -> Callable[P, R]:
    """A verb of the flows as something that a widget can call."""
    return partial(verb, services())


def workspace() -> Path:
    """Where everything generated lies."""
    return services().config.workspace


class ClassServices:
    """The services of each person of a class, opened when they come and let go when they have long been away."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._opened: dict[str, tuple[Services, float]] = {}
        settle(Layout.of(config), started_in=Path.cwd())

    def of(self, name: str) -> Services:
        """Of one person, whose workspace is made where it is not there yet."""
        now = time.monotonic()
        with self._lock:
            found = self._opened.get(name)
            opened = open_services(enrol(self._config, name)) if found is None else found[0]
            self._opened[name] = opened, now
            if found is None:
                self._let_go(now)
        return opened

    def _let_go(self, now: float) -> None:
        for name, (opened, used_at) in list(self._opened.items()):
            if now - used_at > AWAY_SECONDS:
                del self._opened[name]
                opened.ledger.close()  # whoever still holds it opens it again by asking


@lru_cache(maxsize=4)
def _opened(*names: str | None) -> Services | ClassServices:
    del names  # they only name the services; the configuration is read in one place
    config = read_config()
    _log_to_file(Layout.of(config).logs)
    return ClassServices(config) if config.user_header else open_services(config)


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
