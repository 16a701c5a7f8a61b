"""Which function does which kind of work. The child imports it when the first job of that kind comes."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any, Protocol

from story_engine.domain.job import Progress
from story_engine.domain.job_result import JobResult
from story_engine.lasting_imports import lasting_imports
from story_engine.store.layout import Layout

WORK = {
    "render": "story_engine.jobs.work.render:run",
    "score": "story_engine.jobs.work.score:run",
    "score_dataset": "story_engine.jobs.work.score:run_dataset",
    "download": "story_engine.jobs.work.download:run",
    "verify": "story_engine.jobs.work.download:run_verify",
    "train": "story_engine.jobs.work.train:run",
    "measure": "story_engine.jobs.work.train:run_measure",
    "replay": "story_engine.jobs.work.replay:run",
    "upload": "story_engine.jobs.work.upload:run",
    "gate": "story_engine.jobs.work.gate:run",
}
PAUSING = frozenset({"render", "score", "score_dataset", "replay"})
"""Kinds whose function takes `should_pause` too, asked where nothing is lost by going on later; it then raises
`MadeWay`."""
WARM_UP = "warm_up"
"""Not a kind: a function of the layout that a fresh child calls before its first job."""
READ = "read"
"""Not a kind: a function that makes a job's specification out of the ledger's text; `read_spec` where none is named."""
STANDARD = "story_engine.jobs.kinds:MAPPING"
WITHOUT_WARM_UP = "story_engine.jobs.kinds:WORK"
MAPPING = WORK | {WARM_UP: "story_engine.jobs.work.render:warm_up"}

HAD_A_GPU = "STORY_STUDIO_HAD_A_GPU"
"""In the environment of a child whose predecessor lost its GPU: without one it does nothing."""


class Work(Protocol):
    """Does one job in the child."""

    def __call__(
        self,
        spec: Any,
        *,
        job: int,
        report: Callable[[Progress], None],
        should_stop: Callable[[], bool],
        layout: Layout,
    ) -> JobResult:
        """Do the work.

        Args:
            spec: of the type that belongs to the kind.
            job: its id.
            report: called at least at every step.
            should_stop: asked at every step; raise `Cancelled` when it says so.
            layout: of the workspace.

        Raises:
            StudioError: travels to the page as code and values.
        """


def named(reference: str) -> Any:
    """What `module:name` refers to."""
    module, _, name = reference.partition(":")
    if module not in sys.modules:
        with lasting_imports():
            importlib.import_module(module)
    return getattr(sys.modules[module], name)
