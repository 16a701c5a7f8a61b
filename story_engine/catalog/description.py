"""What a model family says of itself, whatever is here: `FAMILY` in the `family.py` of its folder. No torch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from story_engine.catalog.package import Package
from story_engine.domain.family import GuidanceByNoise, TrainingMemory
from story_engine.domain.memory_plan import RenderMemory
from story_engine.store.layout import Layout


def joined_digits(hashes: Sequence[str]) -> str:
    """One hash over the hashes of files: over their hexadecimal digits."""
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnetSizes:
    """Sizes of a U-Net of Kolors' blocks that decide which LoRAs fit it."""

    widths: tuple[int, int, int]
    """Channels at full, half and quarter resolution."""
    depths: tuple[int, int]
    """Transformer layers per attention block at half and at quarter resolution."""
    text: int
    """Width of the prompt embeddings that the attention sees."""
    encoded: int
    """Width of those that come from the text encoder."""
    steps: int
    """Numbers that say the time step."""
    time: int
    """Width of the embedding of the time step."""
    added: int
    """Numbers that say the picture's size and the whole text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyDescription:
    """Defaults, limits and files of a family."""

    package: Package
    sampler: str
    steps: int
    cfg_scale: float
    width: int
    height: int
    smallest_side: int
    largest_side: int
    token_limit: int
    precision: Callable[[], str]
    """Of pictures painted on this machine."""
    knows_true_sizes: bool
    """Whether it was trained with each picture's own size and crop."""
    safe_learning_rate: float
    memory: TrainingMemory
    painting: RenderMemory | None = None
    """What painting needs of the device; None of a model that always fits."""
    unet_sizes: Callable[[Layout], UnetSizes | None]
    """Of the weights that are here; None where they are needed to know and are not."""
    least_spot: int = 0
    """Pixels: side of the smallest square in which it paints what belongs in a spot; 0: not known."""
    cast_strength: float = 1.0
    """How many of a picture's own places each place of an anchor counts as, where a story says 1."""
    by_noise: GuidanceByNoise | None = None
    """How it is guided by noise level; None: not at all."""
    controls: Mapping[str, Package] = field(default_factory=dict)
    """What can hold its pictures, by `domain.control.KINDS`, and the files of each."""
    inpainting: Package | None = None
    """The files of a U-Net that paints what is missing in a picture; None: it has none of its own for that."""
    joined: Callable[[Sequence[str]], str] = joined_digits
    """The files' hashes as the one that recipes carry."""
