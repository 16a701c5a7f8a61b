"""Captions of a dataset: one, many, trigger, undo, and what metadata files say."""

from __future__ import annotations

from collections.abc import Sequence

from story_engine.domain import captions
from story_engine.domain.dataset import Dataset
from story_engine.errors import FixInput
from story_engine.flows.dataset_view import view
from story_engine.flows.services import Services


def set_all(services: Services, name: str, text: str, *, files: Sequence[str] | None = None) -> int:
    """The same caption for all of `files` (None: all kept); how many changed."""
    return _rewrite(services, name, files, captions.set_to(text), "set" if text.strip() else "clear")


def prefix(services: Services, name: str, text: str, *, files: Sequence[str] | None = None) -> int:
    """`text` in front of each caption."""
    if not text.strip():
        raise FixInput("dataset.find_empty")
    return _rewrite(services, name, files, captions.prefixed(text), "prefix")


def replace(services: Services, name: str, find: str, by: str, *, files: Sequence[str] | None = None) -> int:
    """Every `find` in the captions becomes `by`."""
    if not find:
        raise FixInput("dataset.find_empty")
    return _rewrite(services, name, files, captions.replaced(find, by), "replace")


def put_trigger_in_front(services: Services, name: str, *, files: Sequence[str] | None = None) -> int:
    """The dataset's trigger word in front of each caption that does not begin with it."""
    trigger = services.datasets.load(name).trigger.strip()
    if not trigger:
        raise FixInput("dataset.no_trigger_word")
    return _rewrite(services, name, files, captions.triggered(trigger), "trigger")


def set_trigger(services: Services, name: str, trigger: str) -> Dataset:
    """Which word shall call what is trained; captions are not changed by it."""
    word = " ".join(trigger.split())[:60]
    return services.datasets.change(name, lambda dataset: dataset.model_copy(update={"trigger": word}))


def _rewrite(services: Services, name: str, files: Sequence[str] | None, rewrite: captions.Rewrite, action: str) -> int:
    wanted = [entry.file for entry in view(services, name).kept] if files is None else files
    return services.captions.rewrite_captions(name, wanted, rewrite, action=action)
