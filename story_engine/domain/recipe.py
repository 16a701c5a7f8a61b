"""A recipe: everything that decides one picture, fully resolved, nothing optional."""

from __future__ import annotations

import hashlib
import json

from story_engine.domain.value import Value


class LoraPart(Value):
    """A LoRA in a recipe: its content decides, its name is for people."""

    name: str
    sha256: str
    """Of the adapter file."""
    strength: float


class Recipe(Value):
    """Everything that changes pixels and nothing that does not. Its digest names the take."""

    prompt: str
    """The text that the model is really sent."""
    negative: str
    seed: int
    """0 … 2**32 - 1."""
    sampler: str
    steps: int
    cfg_scale: float
    width: int
    """Pixels, a multiple of 64."""
    height: int
    noise: str
    """"cpu" or "device:<type>" such as "device:cuda"."""
    family: str
    weights_hash: str
    precision: str
    loras: tuple[LoraPart, ...] = ()

    @property
    def digest(self) -> str:
        """32 hexadecimal digits over every field: the name of the take."""
        fields = self.model_dump(mode="json")
        for part in fields["loras"]:
            del part["name"]
        canonical = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:32]
