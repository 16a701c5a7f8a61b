"""A recipe: everything that decides one picture, fully resolved, nothing optional."""

from __future__ import annotations

import hashlib
import json

from story_engine.domain.control import ControlPart
from story_engine.domain.guidance import BOUNDS, LARGEST_NOISE, Guidance
from story_engine.domain.value import Value

_LATER = ("start",)
"""Fields that recipes have got since; their default means that they are not used."""
LEAST_STRENGTH, MOST_STRENGTH = 0.05, 0.95
"""Of a start: less changes nothing, more keeps nothing of the picture."""


class LoraPart(Value):
    """A LoRA in a recipe: its content decides, its name is for people."""

    name: str
    sha256: str
    """Of the adapter file."""
    strength: float


class Start(Value):
    """The picture that a recipe begins with, instead of noise alone."""

    reference: str
    """SHA-256 of its file in the store of references."""
    strength: float
    """`LEAST_STRENGTH` … `MOST_STRENGTH`: the share of the steps that are made, the last ones."""


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
    controls: tuple[ControlPart, ...] = ()
    """Pictures that it is held to, in the order of `domain.control.KINDS`."""
    guidance_above: float = 0.0
    """σ, 0 … `LARGEST_NOISE`: up to here no negative row is computed."""
    guidance_below: float = LARGEST_NOISE
    """σ, likewise: beyond here none is computed either."""
    negative_below: float = LARGEST_NOISE
    """σ, likewise: beyond here the picture is guided away from the empty prompt instead of the negative one."""
    start: Start | None = None
    """None: it is painted from noise."""

    @property
    def references(self) -> tuple[str, ...]:
        """SHA-256 of every picture that it is painted from, each once: they lie in the store of references."""
        started = () if self.start is None else (self.start.reference,)
        return tuple(dict.fromkeys((*started, *(part.picture for part in self.controls))))

    @property
    def skipped_steps(self) -> int:
        """How many of the steps are not made, because the picture that it begins with stands for them."""
        return 0 if self.start is None else self.steps - max(1, round(self.steps * self.start.strength))

    @property
    def guidance(self) -> Guidance:
        """Where it is guided, and away from what.

        Raises:
            ValueError: the levels are no interval (recipes are checked before).
        """
        return Guidance(**{name: getattr(self, name) for name in BOUNDS})

    @property
    def from_noise(self) -> Recipe:
        """The same without a picture to begin with: what the scene is painted from."""
        return self.model_copy(update={"start": None})

    @property
    def digest(self) -> str:
        """32 hexadecimal digits over every field: the name of the take."""
        fields = self.model_dump(mode="json")
        for name in (*BOUNDS, *_LATER):  # recipes of before there were such fields keep their digest
            if fields[name] == type(self).model_fields[name].default:
                del fields[name]
        if not self.controls:  # likewise
            del fields["controls"]
        for part in fields["loras"]:
            del part["name"]
        canonical = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:32]
