"""Which size each picture is trained at, and which parts of it: aspect buckets and crops. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from story_engine.domain.family import SIZE_MULTIPLE
from story_engine.domain.run import TrainedPicture
from story_engine.domain.training import TrainingSpec

LONGEST_RATIO = 2.0
"""Of a bucket; longer pictures are cut."""
_LEAST_SLACK = 16
"""Pixels; crops that differ by less are one crop."""


@dataclass(frozen=True, slots=True, order=True)
class Bucket:
    """A size of training pictures, in pixels."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Crop:
    """One part of a picture, after it was scaled to cover its bucket."""

    scaled_width: int
    scaled_height: int
    left: int
    top: int
    bucket: Bucket

    def box(self, width: int, height: int) -> tuple[float, float, float, float]:
        """The part in pixels of the original of `width` × `height`: left, top, right, bottom."""
        across, down = width / self.scaled_width, height / self.scaled_height
        right, bottom = self.left + self.bucket.width, self.top + self.bucket.height
        return self.left * across, self.top * down, min(right * across, width), min(bottom * down, height)


@cache
def buckets(side: int) -> tuple[Bucket, ...]:
    """Sizes of at most the area of a square of `side`: multiples of 64, none longer than two to one.

    Source: kohya-ss/sd-scripts, library/model_util.py, `make_bucket_resolutions`.
    """
    found = {Bucket(side, side)}
    for width in range(SIZE_MULTIPLE, 2 * side + 1, SIZE_MULTIPLE):
        height = side * side // width // SIZE_MULTIPLE * SIZE_MULTIPLE
        if height and max(width / height, height / width) <= LONGEST_RATIO:
            found |= {Bucket(width, height), Bucket(height, width)}
    return tuple(sorted(found))


def bucket_of(picture: TrainedPicture, spec: TrainingSpec, *, side: int) -> Bucket:
    """The size that a picture is trained at: the nearest in shape; the square one without buckets."""
    if not spec.aspect_buckets:
        return Bucket(side, side)
    shape = math.log(picture.width / picture.height)
    return min(buckets(side), key=lambda bucket: (abs(math.log(bucket.width / bucket.height) - shape), bucket))


def crops_of(picture: TrainedPicture, bucket: Bucket, spec: TrainingSpec) -> tuple[Crop, ...]:
    """The middle, or up to `spec.crops` parts that are spread evenly over what the bucket leaves over."""
    scale = max(bucket.width / picture.width, bucket.height / picture.height)
    width = max(bucket.width, round(picture.width * scale))
    height = max(bucket.height, round(picture.height * scale))
    across, down = width - bucket.width, height - bucket.height
    count = 1 if spec.center_crop or max(across, down) < _LEAST_SLACK else spec.crops
    shares = [(number + 0.5) / count for number in range(count)]
    return tuple(Crop(width, height, round(across * share), round(down * share), bucket) for share in shares)


def by_bucket(sizes: Sequence[Bucket]) -> tuple[tuple[int, ...], ...]:
    """Positions of the pictures of each bucket, buckets in order of their sizes."""
    places: dict[Bucket, list[int]] = {}
    for position, bucket in enumerate(sizes):
        places.setdefault(bucket, []).append(position)
    return tuple(tuple(places[bucket]) for bucket in sorted(places))
