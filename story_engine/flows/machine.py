"""Inspect the machine: device, models, scorer, dispatcher."""

from __future__ import annotations

from story_engine.catalog.devices import gpu_names, memory_bytes, processor_name
from story_engine.domain.views import Machine
from story_engine.flows.services import Services


def inspect(services: Services) -> Machine:
    """What this machine can do now."""
    gpus = gpu_names()
    return Machine(
        device=gpus[0] if gpus else processor_name(),
        gpus=len(gpus),
        memory_bytes=memory_bytes(),
        families=services.family_states(),
        scorer=services.present_scorer().name,
        dispatcher=services.dispatcher_state(),
    )
