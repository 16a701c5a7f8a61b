"""A recipe: everything that decides one picture, fully resolved, nothing optional."""

from __future__ import annotations

import hashlib
import json

from story_engine.domain.control import ControlPart
from story_engine.domain.guidance import BOUNDS, LARGEST_NOISE, Guidance
from story_engine.domain.value import Value

_LATER = ("start", "mend")
"""Fields that recipes have got since; their default means that they are not used."""
LARGEST_CAST_STRENGTH = 4.0
"""Of a story's setting, where 1 is the family's own; see `Family.cast_strength`."""
LARGEST_ANCHOR_WEIGHT = 1_000.0
"""How many of a picture's own places one of an anchor's may count as."""
"""Of a character's look: an anchor's place then counts like four of the picture's own."""
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
    """`LEAST_STRENGTH` … `MOST_STRENGTH`: the share of the steps that are made, the last ones.

    0, of an anchor only: none, it is this picture (see `CastPart`)."""


class CastPart(Value):
    """A character who looks as in another picture, the anchor: a part of a recipe (`inference/cast_lock.py`)."""

    character: str
    """Its id, for people."""
    words: tuple[int, int]
    """First of its characters in the prompt, and the first behind them."""
    anchor: Recipe
    """What the anchor is painted from, alike in everything that a step depends on. A picture that is not painted but
    only looked at is what it starts from with strength 0."""
    anchor_words: tuple[int, int]
    """As `words`, in the anchor's prompt."""
    strength: float = 1.0
    """How much it counts beside the picture's own: 1 as one of its own places."""
    from_step: int
    """First step that looks at it, counted from 0."""
    until_step: int
    """The first one that does not any more."""


class Mend(Value):
    """A spot of a finished picture that is painted again; everything outside of its mask stays to the last value."""

    reference: str
    """SHA-256 of the picture's file in the store of references."""
    mask: str
    """SHA-256 of the mask's, of the picture's size: painted where it is white."""
    prompt: str
    """What is to be there: the text that the model is really sent. The recipe's own one goes on saying the scene."""
    strength: float
    """As a start's."""
    side: int = 0
    """Pixels: it is cut out square and painted with at least this square's area; 0: with what it may cost."""
    inpainting: str = ""
    """Hash of the weights of the U-Net for inpainting that paints it; empty: the family's own U-Net does."""


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
    mend: Mend | None = None
    """None: the whole picture is painted."""

    cast: tuple[CastPart, ...] = ()
    """Characters who look as in another picture."""

    @property
    def every_lora(self) -> tuple[LoraPart, ...]:
        """Its own, and those of what it looks at: each content once."""
        found = {part.sha256: part for recipe in (*self.anchors, self) for part in recipe.loras}
        return tuple(found.values())

    @property
    def references(self) -> tuple[str, ...]:
        """SHA-256 of every picture that it is painted from, each once: they lie in the store of references."""
        start = [] if self.start is None else [self.start.reference]
        mend = [] if self.mend is None else [self.mend.reference, self.mend.mask]
        controls = (part.picture for part in self.controls)
        return tuple(
            dict.fromkeys((*start, *mend, *controls, *(name for part in self.cast for name in part.anchor.references)))
        )

    @property
    def inpainting(self) -> str:
        """Hash of the weights of the U-Net for inpainting that paints it; empty: the family's own U-Net does."""
        return "" if self.mend is None else self.mend.inpainting

    @property
    def skipped_steps(self) -> int:
        """How many of the steps are not made, because the picture that it begins with stands for them.

        What looks at others makes all of them, since those are painted alongside.
        """
        return 0 if self.cast else self.begins_at

    @property
    def begins_at(self) -> int:
        """The step at which it leaves the picture that it begins with; as many as there are steps: it never does."""
        begun = self.mend or self.start
        if begun is None:
            return 0
        return self.steps - (max(1, round(self.steps * begun.strength)) if begun.strength else 0)

    @property
    def anchors(self) -> tuple[Recipe, ...]:
        """Every recipe that it looks at, also by way of another one: each once, and none before those it looks at."""
        found: dict[str, Recipe] = {}
        for part in self.cast:
            found |= {each.digest: each for each in (*part.anchor.anchors, part.anchor)}
        return tuple(found.values())

    @property
    def sent_prompt(self) -> str:
        """The text that the network is guided by: of a spot, what is to be there."""
        return self.prompt if self.mend is None else self.mend.prompt

    @property
    def guidance(self) -> Guidance:
        """Where it is guided, and away from what.

        Raises:
            ValueError: the levels are no interval (recipes are checked before).
        """
        return Guidance(**{name: getattr(self, name) for name in BOUNDS})

    @property
    def from_noise(self) -> Recipe:
        """The same without a picture to begin with or to mend: what the scene is painted from."""
        return self.model_copy(update={"start": None, "mend": None})

    @property
    def digest(self) -> str:
        """32 hexadecimal digits over every field: the name of the take."""
        fields = self.model_dump(mode="json")
        for name in (*BOUNDS, *_LATER):  # recipes of before there were such fields keep their digest
            if fields[name] == type(self).model_fields[name].default:
                del fields[name]
        if not self.controls:  # likewise
            del fields["controls"]
        for name in () if self.mend is None else ("side", "inpainting"):  # likewise
            if not fields["mend"][name]:
                del fields["mend"][name]
        for part in fields["loras"]:
            del part["name"]
        if not self.cast:  # nor do those of before there was a cast change theirs
            del fields["cast"]
        for shown, part in zip(fields.get("cast", ()), self.cast, strict=True):
            del shown["character"]
            shown["anchor"] = part.anchor.digest
        canonical = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:32]
