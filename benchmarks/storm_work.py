"""What children do while the storm kills them: steps of milliseconds, and one small picture stored as a take."""

from __future__ import annotations

import time
from collections.abc import Callable

from PIL import Image

from story_engine.domain.job import Progress
from story_engine.domain.job_result import RenderResult
from story_engine.domain.job_spec import JobSpec, RenderSpec, TakeName, read_spec
from story_engine.domain.take import Take
from story_engine.errors import Cancelled
from story_engine.store.layout import Layout
from story_engine.store.takes import TakeStore

MAPPING = {"read": "benchmarks.storm_work:read", "render": "benchmarks.storm_work:run"}
_STEPS, _STEP_SECONDS = 6, 0.02


def read(text: str) -> JobSpec:
    """The specification as the ledger holds it."""
    return read_spec(text)


def run(
    spec: RenderSpec, *, job: int, report: Callable[[Progress], None], should_stop: Callable[[], bool], layout: Layout
) -> RenderResult:
    """Store the pictures of a job, each of its own recipe; finished ones are found, as in a real rendering."""
    store = TakeStore(layout)
    for step in range(1, _STEPS + 1):
        report(Progress(stage="denoising", step=step, total=_STEPS, seconds_per_step=_STEP_SECONDS))
        time.sleep(_STEP_SECONDS)
        if should_stop():
            raise Cancelled("jobs.cancelled")
    return RenderResult(takes=tuple(_painted(store, spec, number, job) for number in range(len(spec.items))))


def _painted(store: TakeStore, spec: RenderSpec, number: int, job: int) -> TakeName:
    item = spec.items[number]
    digest = item.recipe.digest
    if store.find(spec.story, item.scene, digest) is None:
        take = Take(
            id=digest,
            story=spec.story,
            scene=item.scene,
            number=item.number,
            recipe=item.recipe,
            picture_sha256="",
            created_at="2026-01-01T00:00:00+00:00",
            seconds=0.1,
        )
        store.add(take, Image.new("RGB", (16, 16), (job % 256, 0, 0)), {})
    return TakeName(scene=item.scene, take=digest)
