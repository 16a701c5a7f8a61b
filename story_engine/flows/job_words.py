"""What a job is about, in the words of whoever asked for it: the story's title, scenes by number, a training's name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from story_engine.domain.job import JobView
from story_engine.domain.job_spec import (
    AnySpec,
    DownloadSpec,
    ReplaySpec,
    ScoreDatasetSpec,
    TrainSpec,
    UploadSpec,
    VerifySpec,
)
from story_engine.errors import StudioError
from story_engine.flows.services import Services

_NAMED = frozenset({"train", "download", "verify", "replay", "upload", "score_dataset"})
"""Kinds whose specification says a name; that of a render holds every recipe and is not read for a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSubject:
    """What a job is about; what does not apply is empty."""

    story: str = ""
    """Title, or the name of the file where it has none or has gone."""
    scenes: tuple[int, ...] = ()
    """Numbers, from 1; empty where it is all of them."""
    name: str = ""
    """Of the training, model family, dataset, bundle or repository."""


def subject(services: Services, job: JobView) -> JobSubject:
    """What `job` is about."""
    name = _name(services.ledger.spec(job.id)) if job.kind in _NAMED else ""
    if job.story is None:
        return JobSubject(name=name)
    try:
        story = services.stories.load(job.story)
    except StudioError:  # deleted, or damaged: the job is shown all the same
        return JobSubject(story=job.story, name=name)
    numbers = tuple(number for number, scene in enumerate(story.scenes, start=1) if scene.id in job.scenes)
    is_all = len(numbers) == len(story.scenes)
    return JobSubject(story=story.title or job.story, scenes=() if is_all else numbers, name=name)


def _name(spec: AnySpec | None) -> str:
    if isinstance(spec, TrainSpec):
        return spec.name or spec.run
    if isinstance(spec, DownloadSpec | VerifySpec):
        return spec.family
    if isinstance(spec, ScoreDatasetSpec):
        return spec.dataset
    if isinstance(spec, ReplaySpec):
        return PurePath(spec.bundle).name
    return spec.repository if isinstance(spec, UploadSpec) else ""
