"""Pictures with captions for training, and which of them the filters keep. Pure."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import AliasChoices, Field

from story_engine.domain.value import Value

MOST_PICTURES = 20_000
"""Of one dataset: the index is one file that is written whole."""
LONGEST_CAPTION = 4000
"""Characters."""
MOST_UNDO_STEPS = 50
LARGEST_SIDE = sys.maxsize
"""What data-juicer has for "no upper bound"."""
MOST_DUPLICATE_BITS = 16
"""Of the 64 bits of a perceptual hash; from about a quarter on, everything is like everything."""
_FILE_NAME = r"^[^/\\\x00]*[^/\\\x00.][^/\\\x00]*$"
"""A name, never a path that leads out of the dataset's folder."""
ANY_OR_ALL = ("any", "all")


class DatasetEntry(Value):
    """One picture of a dataset."""

    file: str = Field(pattern=_FILE_NAME)
    """Name under `images/`."""
    original: str = Field(pattern=_FILE_NAME)
    """Name under `originals/`: the file as it came."""
    source: str
    """Where it came from, for people: the name of an upload, an archive, a folder, a ModelScope dataset, a style."""
    width: int = Field(ge=1)
    """Pixels, after EXIF rotation."""
    height: int = Field(ge=1)
    sha256: str
    """Of the file under `images/`; scores refer to it."""
    original_sha256: str
    """Of the file as it came: the same picture brought twice is one entry."""
    perceptual_hash: str = Field(validation_alias=AliasChoices("perceptual_hash", "likeness"), pattern="^[0-9a-f]{16}$")
    """64 bits as hexadecimal digits: those of near-duplicates differ in few bits. The first version said likeness."""
    caption: str = ""
    left_out: bool = False
    """A person took it out by hand."""
    changed: tuple[str, ...] = ()
    """What made it an upright sRGB one: "rotated", "profile", "palette", "cmyk", "16-bit", "transparent", "grey"."""
    notes: tuple[str, ...] = ()
    """What is odd about its file without harming it: "metadata" or "profile", which cannot be read."""

    @property
    def ratio(self) -> float:
        """Width / height."""
        return self.width / self.height


class ShapeFilter(Value):
    """`image_shape_filter`: width and height within bounds, both at once.

    Source: py-data-juicer 1.6.1, verified by running `dj-process`.
    """

    is_on: bool = False
    min_width: int = Field(default=1, ge=0)
    max_width: int = Field(default=LARGEST_SIDE, ge=0)
    min_height: int = Field(default=1, ge=0)
    max_height: int = Field(default=LARGEST_SIDE, ge=0)
    any_or_all: str = Field(default="any", pattern="^(any|all)$")
    min_closed_interval: bool = True
    """Whether the lower bound itself is kept."""
    max_closed_interval: bool = True
    reversed_range: bool = False
    """Keep what lies outside instead."""

    def keeps(self, sizes: Sequence[tuple[int, int]]) -> bool:
        """Whether a sample with pictures of these (width, height) stays. One without pictures always does."""
        return _any_or_all(self.any_or_all, [self._fits(width, height) for width, height in sizes])

    def _fits(self, width: int, height: int) -> bool:
        inside = _within(
            width, self.min_width, self.max_width, self.min_closed_interval, self.max_closed_interval
        ) and _within(height, self.min_height, self.max_height, self.min_closed_interval, self.max_closed_interval)
        return inside != self.reversed_range


class RatioFilter(Value):
    """`image_aspect_ratio_filter`: width / height within bounds.

    Source: py-data-juicer 1.6.1, verified by running `dj-process`.
    """

    is_on: bool = False
    min_ratio: float = Field(default=0.333, ge=0)
    max_ratio: float = Field(default=3.0, ge=0)
    any_or_all: str = Field(default="any", pattern="^(any|all)$")
    min_closed_interval: bool = True
    max_closed_interval: bool = True
    reversed_range: bool = False

    def keeps(self, sizes: Sequence[tuple[int, int]]) -> bool:
        """Whether a sample with pictures of these (width, height) stays. One without pictures always does."""
        return _any_or_all(self.any_or_all, [self._fits(width / height) for width, height in sizes])

    def _fits(self, ratio: float) -> bool:
        inside = _within(ratio, self.min_ratio, self.max_ratio, self.min_closed_interval, self.max_closed_interval)
        return inside != self.reversed_range


class NearDuplicateFilter(Value):
    """Of pictures that look alike, only the largest stays."""

    is_on: bool = False
    bits: int = Field(default=4, ge=0, le=MOST_DUPLICATE_BITS)
    """Two pictures are alike when their perceptual hashes differ in at most so many of 64 bits."""


class ScoreFilter(Value):
    """Pictures under an aesthetic score are left out; those without a score stay and are counted."""

    is_on: bool = False
    min_score: float = Field(default=5.0, ge=0, le=10)


class Filters(Value):
    """What decides which pictures are trained on."""

    shape: ShapeFilter = ShapeFilter()
    ratio: RatioFilter = RatioFilter()
    near_duplicates: NearDuplicateFilter = Field(
        default=NearDuplicateFilter(), validation_alias=AliasChoices("near_duplicates", "twins")
    )
    """The first version said twins."""
    score: ScoreFilter = ScoreFilter()


def doing_something(part: str, *, side: int) -> dict[str, object]:
    """Bounds that a filter begins with when it is switched on for the first time: its own leave nothing out.

    Args:
        part: name of the filter in `Filters`.
        side: of the training pictures in pixels; a smaller picture would be blown up.
    """
    if part == "shape":
        return {"min_width": side, "min_height": side}
    return {"min_ratio": 0.5, "max_ratio": 2.0} if part == "ratio" else {}


class UndoStep(Value):
    """One change of captions that can be taken back."""

    number: int
    """The dataset's revision after it."""
    action: str
    """"caption", "set", "prefix", "replace", "trigger", "clear", "read", "leave_out" or "take_in"."""
    count: int
    """Pictures that it changed."""


class Dataset(Value):
    """A dataset as it is on disk."""

    schema_version: int = 1
    title: str
    revision: int = 0
    trigger: str = ""
    """The word that shall call the style or the character."""
    filters: Filters = Filters()
    entries: tuple[DatasetEntry, ...] = ()
    undo: tuple[UndoStep, ...] = ()
    created_at: str = ""
    """ISO 8601, UTC."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """Why a picture is not trained on: a message code with values."""

    code: str
    values: dict[str, object]


def decide(
    dataset: Dataset, *, near_duplicates: Mapping[str, str] | None = None, scores: Mapping[str, float] | None = None
) -> dict[str, Dropped]:
    """File → why it is dropped; what is not in it is kept. The first reason counts.

    Args:
        dataset: entries and filters.
        near_duplicates: file → the file that it is a near-duplicate of, and that stays instead.
        scores: picture SHA-256 → aesthetic score.
    """
    filters = dataset.filters
    dropped: dict[str, Dropped] = {}
    for entry in dataset.entries:
        size = [(entry.width, entry.height)]
        score = (scores or {}).get(entry.sha256)
        if entry.left_out:
            dropped[entry.file] = Dropped("dataset.dropped_by_hand", {})
        elif filters.shape.is_on and not filters.shape.keeps(size):
            dropped[entry.file] = Dropped("dataset.dropped_shape", {"width": entry.width, "height": entry.height})
        elif filters.ratio.is_on and not filters.ratio.keeps(size):
            dropped[entry.file] = Dropped("dataset.dropped_ratio", {"ratio": f"{entry.ratio:.3f}"})
        elif filters.score.is_on and score is not None and score < filters.score.min_score:
            values: dict[str, object] = {"score": f"{score:z.2f}", "least": f"{filters.score.min_score:g}"}
            dropped[entry.file] = Dropped("dataset.dropped_score", values)
        elif filters.near_duplicates.is_on and near_duplicates and entry.file in near_duplicates:
            dropped[entry.file] = Dropped("dataset.dropped_duplicate", {"other": near_duplicates[entry.file]})
    return dropped


def content_digest(pictures: Sequence[tuple[str, str]]) -> str:
    """Names what is trained on: changes with any picture or caption, not with their order.

    Args:
        pictures: (picture SHA-256, caption) of everything that is kept.
    """
    lines = sorted(f"{sha256}\n{caption}" for sha256, caption in pictures)
    return hashlib.sha256("\0".join(lines).encode()).hexdigest()


def _within(value: float, least: float, most: float, least_counts: bool, most_counts: bool) -> bool:
    above = value >= least if least_counts else value > least
    below = value <= most if most_counts else value < most
    return above and below


def _any_or_all(rule: str, fits: list[bool]) -> bool:
    if not fits:
        return True
    return any(fits) if rule == "any" else all(fits)
