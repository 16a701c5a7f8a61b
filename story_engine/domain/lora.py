"""What is known of a LoRA besides its tensors: where it comes from, and what an examination of its file found."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from story_engine.domain.value import Value

DIALECTS = ("kohya", "diffusers", "challenge")
"""What LoRA files are written in: ComfyUI's and A1111's form, diffusers' own, the challenge's `.ckpt`."""


class Provenance(Value):
    """Where a LoRA that was trained here comes from. Everything may be unknown."""

    run: str = ""
    """The training run."""
    step: int | None = None
    """Of the checkpoint."""
    dataset: str = ""
    dataset_hash: str = ""
    """Names the exact pictures and captions."""
    pictures: int | None = None
    base_hash: str = ""
    """The exact weights that it was trained on: a family's `weights_hash`."""
    spec: dict[str, Any] = Field(default_factory=dict)
    """Every setting of the training."""
    versions: dict[str, str] = Field(default_factory=dict)
    """Of the programs that took part."""
    trained_at: str = ""
    """ISO 8601."""


class LoraFacts(Value):
    """What a LoRA file says of itself in its metadata."""

    title: str = ""
    trigger: str = ""
    """The word in a prompt that calls what was trained; empty when there is none."""
    family: str = ""
    """The model family that it was trained on; empty when unknown."""
    width: int | None = None
    """Pixels of the training pictures."""
    height: int | None = None
    provenance: Provenance = Provenance()
