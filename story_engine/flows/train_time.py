"""How long a training will take here: by a few steps that were measured for it, or by an earlier run."""

from __future__ import annotations

import hashlib
import json

from story_engine.catalog.devices import gpu_names
from story_engine.domain.job_result import MeasureResult
from story_engine.domain.job_spec import MeasureSpec
from story_engine.domain.training import TrainingSpec
from story_engine.domain.training_prior import class_pictures
from story_engine.errors import StudioError
from story_engine.flows.services import Services
from story_engine.flows.train_samples import as_started

MEASURE_PRIORITY = 5
"""Somebody looks at the form and waits; it takes seconds."""
_DECIDES = (
    "family",
    "resolution",
    "batch_size",
    "gradient_accumulation_steps",
    "use_gradient_checkpointing",
    "precision",
    "lora_rank",
    "target_modules",
    "sample_steps",
    "samples_as_stories",
    "rows_per_pass",
)
"""Fields that the time of a step or a sample depends on."""


def measure(services: Services, spec: TrainingSpec) -> int:
    """Queue a few steps on noise; the job."""
    job = services.ledger.submit(
        MeasureSpec(measure=as_started(spec)),
        key=_key(services, spec),
        priority=MEASURE_PRIORITY,
        user=services.user,
        story=None,
        scenes=(),
    )
    services.start_dispatcher()
    return job


def is_being_measured(services: Services, spec: TrainingSpec) -> bool:
    """Whether the steps are counted just now."""
    key = _key(services, spec)
    found = services.ledger.latest([key]).get(key)
    return found is not None and found.is_active


def seconds(services: Services, spec: TrainingSpec, *, pictures: int, side: int) -> float | None:
    """Of the whole training; None where nothing like it was measured."""
    key = _key(services, spec)
    found = services.ledger.latest([key]).get(key)
    if found is None or not isinstance(found.result, MeasureResult):
        return _by_earlier_run(services, spec, side=side)
    measured = found.result
    rounds = spec.steps // spec.sample_every + 1 if spec.sample_every else 0
    variants = pictures * (1 if spec.center_crop else spec.crops) * (2 if spec.random_flip else 1)
    return (
        spec.steps * measured.seconds_per_step
        + variants * measured.seconds_per_picture
        + (rounds * len(spec.sample_prompts) + class_pictures(spec)) * measured.seconds_per_sample
    )


def _by_earlier_run(services: Services, spec: TrainingSpec, *, side: int) -> float | None:
    """By the newest run of the family that measured its steps on this machine."""
    device = "cuda" if gpu_names() else "cpu"
    for run in services.runs.ids():
        try:
            state, earlier = services.runs.run(run), services.runs.spec(run)
        except StudioError:
            continue
        if earlier.family == spec.family and state.seconds_per_step and state.device.startswith(device):
            ratio = _work(spec, side) / _work(earlier, side)
            return spec.steps * state.seconds_per_step * ratio + (state.encoding_seconds or 0.0)
    return None


def _work(spec: TrainingSpec, side: int) -> float:
    """What a step of one process costs, in units that only compare: pictures × area × what is computed twice."""
    twice = 4 / 3 if spec.use_gradient_checkpointing else 1.0
    return spec.rows_per_pass * spec.gradient_accumulation_steps * ((spec.resolution or side) ** 2) * twice


def _key(services: Services, spec: TrainingSpec) -> str:
    """The same for specs whose steps take the same time."""
    family = services.families().get(spec.family)
    weights = family.weights_hash if family is not None else ""
    decides = json.dumps([weights, gpu_names(), *(getattr(as_started(spec), field) for field in _DECIDES)])
    return f"measure-{hashlib.sha256(decides.encode()).hexdigest()[:32]}"
