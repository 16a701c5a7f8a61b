"""A bundle painted again: what came out, picture by picture, and the record that it is painted from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from pydantic import Field

from story_engine.domain.value import Value

NOT_RECORDED = "not recorded"
"""What stands for a condition that a take of an earlier version does not say."""
CONDITIONS = ("device", "device_name", "instructions", "threads", "python")
"""Of `Take.made_with`: what can change last bits, beside the versions of packages."""
COURSE = ("memory_plan", "repeated_in", "out_of_memory")
"""Of `Take.made_with`: how the work went."""
ROUNDING = 1
"""Of 255: what another order of the same sums can change."""


class WeightsFile(Value):
    """A file of a base model."""

    sha256: str
    size_bytes: int


class BaseRecord(Value):
    """The base that pictures were painted with."""

    family: str
    source: str = ""
    """Where it is published."""
    weights_hash: str
    """As recipes name it: over all files, in order."""
    files: dict[str, WeightsFile] = Field(default_factory=dict)
    """By name in the published folder; empty where they are not on the machine that wrote the bundle."""


class LoraRecord(Value):
    """A LoRA that pictures were painted with, and its file in the bundle."""

    name: str
    sha256: str
    """As recipes name its content."""
    file: str = ""
    """In the bundle."""
    file_sha256: str = ""
    """Another one where the file was written in another form for the bundle."""


class PictureRecord(Value):
    """Under which conditions a picture was painted."""

    recipe: str
    """Digest."""
    picture_sha256: str
    """Of the file."""
    pixels_sha256: str
    """Of its 8-bit RGB values, row by row."""
    precision: str
    noise: str
    device: str = NOT_RECORDED
    device_name: str = NOT_RECORDED
    instructions: str = NOT_RECORDED
    threads: str = NOT_RECORDED
    python: str = NOT_RECORDED
    batch: str = NOT_RECORDED
    """Its place among the pictures that went through the network together, `1 of 2`."""
    memory_plan: str = ""
    """What of a large model was on the device."""
    repeated_in: str = ""
    """The precision that gave a picture where the recipe's gave none."""
    versions: dict[str, str] = Field(default_factory=dict)
    """Of packages."""


class Reproduction(Value):
    """`reproduce.json` of a bundle."""

    format: int = 1
    bases: tuple[BaseRecord, ...] = ()
    loras: tuple[LoraRecord, ...] = ()
    pictures: dict[str, PictureRecord] = Field(default_factory=dict)
    """By name in the bundle."""


class PictureReplay(Value):
    """One picture painted again."""

    file: str
    scene: str
    seed: int
    recipe: str
    """Digest."""
    picture_sha256: str
    """Of the bundle's file."""
    differing: float
    """Share of colour values that differ, 0 … 1."""
    largest: int
    """Difference of a colour value, 0 … 255."""
    mean: float
    """Difference over all values."""
    score: float | None = None
    """Of the bundle's picture, by the scorer that is here."""
    score_again: float | None = None
    """Of the picture that was painted now."""
    other_conditions: dict[str, tuple[str, str]] = Field(default_factory=dict)
    """What was otherwise when it was painted: then, now."""

    @property
    def is_identical(self) -> bool:
        """To the last value."""
        return self.largest == 0


class ReplayReport(Value):
    """A whole bundle painted again."""

    bundle: str
    """Name."""
    pictures: tuple[PictureReplay, ...]
    scorer: str = ""
    scorer_version: str = ""
    made_with: dict[str, str] = Field(default_factory=dict)
    """What painted this time."""
    loras: dict[str, str] = Field(default_factory=dict)
    """Name → SHA-256 of its file in the bundle."""
    bases: dict[str, str] = Field(default_factory=dict)
    """Family → `weights_hash`."""
    unlisted: tuple[str, ...] = ()
    """Files of the bundle that its checksums do not name; they were not read."""
    seconds: float = 0.0
    finished_at: str = ""
    """ISO 8601, UTC."""

    @property
    def largest(self) -> int:
        """Difference of a colour value, over all pictures."""
        return max((each.largest for each in self.pictures), default=0)

    @property
    def identical(self) -> int:
        """Pictures that are the same to the last value."""
        return sum(each.is_identical for each in self.pictures)

    @property
    def key(self) -> str:
        """Names the pictures and recipes that this is about."""
        return pictures_key((each.file, each.picture_sha256, each.recipe) for each in self.pictures)


def pictures_key(pictures: Iterable[tuple[str, str, str]]) -> str:
    """Names a board: its files, their contents, and the recipes that they are said to come from."""
    listed = "".join(f"{file} {sha256} {recipe}\n" for file, sha256, recipe in sorted(pictures))
    return hashlib.sha256(listed.encode()).hexdigest()[:32]
