"""Where fruits of the workers come home: the dispatcher's machine is the one writer of its workspace."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Mapping

from story_engine.domain.job import Progress
from story_engine.domain.job_result import RenderResult
from story_engine.domain.job_spec import RenderSpec, read_spec
from story_engine.domain.take import Take
from story_engine.errors import StudioError
from story_engine.jobs.cluster.finished import with_previews_of
from story_engine.jobs.cluster.parcels import Homecoming, News, TakeParcel
from story_engine.jobs.orders import Done, Order, Outcome
from story_engine.store.append_only import append_lines
from story_engine.store.atomic import write_bytes
from story_engine.store.layout import Layout
from story_engine.store.takes import TakeStore

_SCORED = re.compile(r"[a-z0-9][a-z0-9.-]*\.jsonl")
_LOG = logging.getLogger(__name__)


class Reception:
    """Stores what workers send, through the workspace's own stores."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._takes = TakeStore(layout)
        self._lock = threading.Lock()
        """One writer: takes of one scene that come from two machines at once must not be given one number."""

    def without_finished(self, order: Order) -> tuple[Order, int]:
        """The order without pictures that are here already, which a worker cannot know; how many those are."""
        try:
            spec = read_spec(order.spec)
        except StudioError:
            return order, 0
        if not isinstance(spec, RenderSpec):
            return order, 0
        missing = [item for item in spec.items if self._takes.find(spec.story, item.scene, item.recipe.digest) is None]
        found = len(spec.items) - len(missing)
        if not found:
            return order, 0
        fewer = spec.model_copy(update={"items": tuple(missing)})
        return order.model_copy(update={"spec": fewer.model_dump_json()}), found

    def take_in(self, job: int, news: News) -> Progress | None:
        """Store what is new; how far the job is, in this workspace's paths."""
        for name, jpeg in news.previews.items():
            try:
                write_bytes(self._layout.live(job) / name.name, jpeg, is_durable=False)
            except StudioError as error:
                _LOG.warning("a preview could not be written, painting goes on: %s", error)
        self._store(news.takes)
        return None if news.progress is None else with_previews_of(news.progress, job, self._layout)

    def take_in_all(self, home: Homecoming) -> None:
        """Store the rest.

        Raises:
            StudioError: the disk is full or cannot be written.
        """
        self._store(home.takes)
        for name, lines in home.scored.items():
            if _SCORED.fullmatch(name):
                append_lines(self._layout.scores / name, list(lines))

    def with_found(self, outcome: Outcome, found: int) -> Outcome:
        """The outcome with pictures that were not even sent for."""
        if found and isinstance(outcome, Done) and isinstance(outcome.result, RenderResult):
            result = outcome.result.model_copy(update={"found": outcome.result.found + found})
            return outcome.model_copy(update={"result": result})
        return outcome

    def _store(self, parcels: Mapping[str, TakeParcel]) -> None:
        for parcel in parcels.values():
            with self._lock:
                self._takes.receive(Take.model_validate_json(parcel.record), parcel.png, parcel.thumbnail)
