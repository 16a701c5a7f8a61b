"""Aesthetic scores for the pictures of a dataset, made by the present scorer in a job."""

from __future__ import annotations

import hashlib

from story_engine.domain.job_spec import ScoreDatasetSpec
from story_engine.domain.views import Submitted
from story_engine.flows.dataset_view import view
from story_engine.flows.queue import SCORE_PRIORITY
from story_engine.flows.services import Services


def score(services: Services, name: str) -> Submitted:
    """Submit the scoring of all pictures that the present scorer has not scored."""
    found = view(services, name)
    missing = sorted(entry.file for entry in found.dataset.entries if entry.sha256 not in found.scores)
    have = len(found.dataset.entries) - len(missing)
    if not missing:
        return Submitted(job=None, found=have, queued=0)
    version = services.present_scorer().version
    digest = hashlib.sha256(repr((name, version, missing)).encode()).hexdigest()[:32]
    job = services.ledger.submit(
        ScoreDatasetSpec(dataset=name, files=tuple(missing)),
        key=f"score-dataset-{digest}",
        priority=SCORE_PRIORITY,
        user=services.user,
        story=None,
        scenes=(),
    )
    services.start_dispatcher()
    return Submitted(job=job, found=have, queued=len(missing))
