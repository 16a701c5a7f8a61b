"""What is being done for a panel just now: it waits its turn, waits for a training, or is being painted. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from story_engine.domain.job import JobView
from story_engine.domain.job_spec import RenderSpec

WorkState = Literal["queued", "waiting", "painting"]
_STATES: tuple[WorkState, ...] = ("queued", "waiting", "painting")
"""In the order in which one says more than another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelWork:
    """What the jobs of a story are going to do for one of its panels."""

    state: WorkState
    pictures: int
    """Still to come."""
    step: int = 0
    """Of those being painted; all that are painted together come on together."""
    total: int = 0
    waits_for: str = ""
    """With "waiting": the training."""

    @property
    def share(self) -> float:
        """How much of the picture being painted is done, 0 … 1."""
        return min(1.0, self.step / self.total) if self.total else 0.0


def panel_work(
    jobs: Iterable[tuple[JobView, RenderSpec]], painted: Mapping[str, Collection[str]]
) -> dict[str, PanelWork]:
    """Scene id → what is being done for it; scenes for which nothing is being done are left out.

    Args:
        jobs: active renders, each with what it is asked to do. Comparisons and what is being stopped are passed over.
        painted: scene id → ids of its takes.
    """
    found: dict[str, PanelWork] = {}
    for job, spec in jobs:
        if spec.sweep or job.wants_cancel:
            continue
        for scene in job.scenes:
            left = [item for item in spec.items if item.scene == scene]
            left = [item for item in left if item.recipe.digest not in painted.get(scene, ())]
            if left:
                work = _of_job(job, scene, min(len(left), spec.keep) if spec.keep else len(left))
                found[scene] = _together(found[scene], work) if scene in found else work
    return found


def _of_job(job: JobView, scene: str, pictures: int) -> PanelWork:
    progress = job.progress
    if job.state == "running" and scene in progress.scenes:
        return PanelWork(state="painting", pictures=pictures, step=progress.step, total=progress.total)
    if job.state == "queued" and progress.note:
        return PanelWork(state="waiting", pictures=pictures, waits_for=progress.note)
    return PanelWork(state="queued", pictures=pictures)


def _together(first: PanelWork, second: PanelWork) -> PanelWork:
    """The one that says more, with the pictures of both."""
    more = max(first, second, key=lambda work: _STATES.index(work.state))
    return PanelWork(
        state=more.state,
        pictures=first.pictures + second.pictures,
        step=more.step,
        total=more.total,
        waits_for=more.waits_for,
    )
