"""A training's checkpoints: LoRA files that need nothing else, and say where they come from."""

from __future__ import annotations

import importlib.metadata
import json
import platform
from pathlib import Path

from story_engine.domain.lora import LoraFacts, Provenance
from story_engine.domain.training import TrainingSpec
from story_engine.formats.lora_metadata import lora_metadata
from story_engine.lora_files.read import LoraWeights
from story_engine.lora_files.write import write_lora
from story_engine.store.timestamps import now
from story_engine.training.base import Base

_PACKAGES = ("torch", "diffsynth", "peft", "accelerate", "transformers")


def save_checkpoint(
    folder: Path, run: str, spec: TrainingSpec, weights: LoraWeights, *, step: int, base: Base, dataset: tuple[str, int]
) -> Path:
    """Write `checkpoints/<step>.safetensors` of the run in `folder`.

    Args:
        folder: of the run.
        run: its id.
        spec: what was trained.
        weights: of the adapter.
        step: updates done.
        base: what it was trained on.
        dataset: digest of the pictures with their captions, and their number.

    Raises:
        Wait: the disk is full or cannot be written; nothing else is touched.
    """
    side = spec.resolution or base.family.width
    facts = LoraFacts(
        title=spec.name,
        trigger=spec.trigger,
        family=spec.family,
        width=side,
        height=side,
        provenance=Provenance(
            run=run,
            step=step,
            dataset=spec.dataset,
            dataset_hash=dataset[0],
            pictures=dataset[1],
            base_hash=base.family.weights_hash,
            spec=json.loads(spec.model_dump_json()),
            versions=_versions(),
            trained_at=now(),
        ),
    )
    path = folder / "checkpoints" / f"{step}.safetensors"
    write_lora(path, weights, metadata=lora_metadata(facts))
    return path


def _versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in _PACKAGES}
