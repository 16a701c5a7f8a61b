"""A recipe: everything that decides one picture, fully resolved, nothing optional."""

from __future__ import annotations

import hashlib
import json

from story_engine.domain.guidance import BOUNDS, LARGEST_NOISE, Guidance
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
    guidance_above: float = 0.0
    """σ, 0 … `LARGEST_NOISE`: up to here no negative row is computed."""
    guidance_below: float = LARGEST_NOISE
    """σ, likewise: beyond here none is computed either."""
    negative_below: float = LARGEST_NOISE
    """σ, likewise: beyond here the picture is guided away from the empty prompt instead of the negative one."""

    @property
    def guidance(self) -> Guidance:
        """Where it is guided, and away from what.

        Raises:
            ValueError: the levels are no interval (recipes are checked before).
        """
        return Guidance(**{name: getattr(self, name) for name in BOUNDS})

    @property
    def digest(self) -> str:
        """32 hexadecimal digits over every field: the name of the take."""
        fields = self.model_dump(mode="json")
        for name in BOUNDS:  # recipes of before there were levels keep their digest
            if fields[name] == type(self).model_fields[name].default:
                del fields[name]
        for part in fields["loras"]:
            del part["name"]
        canonical = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:32]
