"""What is known of a training before it is started, for those who judge its pictures."""

from __future__ import annotations

from dataclasses import dataclass

from story_engine.domain.training import TrainingSpec
from story_engine.domain.training_presets import PRESETS
from story_engine.domain.training_text import spec_from_preset
from story_engine.errors import ChooseAnother
from story_engine.flows.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTraining:
    """How pictures will be seen."""

    family: str
    side: int
    """Of a square training picture in pixels; with buckets, of a square of the same area."""
    steps: int
    batch_size: int
    """Pictures per step."""


def planned(services: Services, spec: TrainingSpec) -> PlannedTraining:
    """What `spec` comes to on this machine: sizes and steps that are left to the family are the family's."""
    family = services.families()[spec.family]
    return PlannedTraining(
        family=spec.family,
        side=spec.resolution or family.width,
        steps=spec.steps,
        batch_size=spec.pictures_per_step,
    )


def of_preset(services: Services, preset: str) -> PlannedTraining:
    """A preset as it is, with no field changed.

    Raises:
        ChooseAnother: there is none of that name.
    """
    if preset not in PRESETS:
        raise ChooseAnother("training.unknown_preset", preset=preset[:60], known=", ".join(PRESETS))
    return planned(services, spec_from_preset(preset, name="", dataset=""))


def usual_preset(services: Services) -> str:
    """What is meant where nobody has said which: the challenge's training where its model is, else the quick look."""
    ready = {state.name for state in services.family_states() if state.ready}
    wanted = "challenge"
    return wanted if PRESETS[wanted]["family"] in ready else "quick_look"
