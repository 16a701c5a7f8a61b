"""Which function does which kind of work. The child imports it when the first job of that kind comes."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Protocol

from story_engine.domain.job import Progress
from story_engine.store.layout import Layout

WORK = {
    "render": "story_engine.jobs.work.render:run",
    "score": "story_engine.jobs.work.score:run",
    "download": "story_engine.jobs.work.download:run",
    "train": "story_engine.jobs.work.train:run",
}
WARM_UP = "warm_up"
"""Not a kind: a function of the layout that a fresh child calls before its first job."""
STANDARD = "story_engine.jobs.kinds:MAPPING"
MAPPING = WORK | {WARM_UP: "story_engine.jobs.work.render:warm_up"}


class Work(Protocol):
    """Does one job in the child."""

    def __call__(
        self,
        spec: dict[str, Any],
        *,
        report: Callable[[Progress], None],
        should_stop: Callable[[], bool],
        layout: Layout,
    ) -> dict[str, object]:
        """Do the work; plain JSON as the result.

        Args:
            spec: of the job, with the job's id as `job`.
            report: called at least at every step.
            should_stop: asked at every step; raise `Cancelled` when it says so.
            layout: of the workspace.

        Raises:
            StudioError: travels to the page as code and values.
        """


def named(reference: str) -> Any:
    """What `module:name` refers to."""
    module, _, name = reference.partition(":")
    return getattr(importlib.import_module(module), name)
