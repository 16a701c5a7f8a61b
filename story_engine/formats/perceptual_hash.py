"""Near-duplicates: perceptual hashes by the imagehash library, compared bit by bit."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image


def perceptual_hash(picture: Image.Image) -> str:
    """The picture's perceptual hash (discrete cosine transform of 32 × 32 greys, 64 bits) in hexadecimal.

    Source: imagehash.phash of ImageHash 4.3.
    """
    import imagehash  # brings scipy along, which the page process never needs

    return str(imagehash.phash(picture))


@lru_cache(maxsize=8)
def near_duplicates(pictures: tuple[tuple[str, str, int], ...], bits: int) -> dict[str, str]:
    """Which picture is a near-duplicate of which: file → the file that stays instead, which is never one itself.

    Args:
        pictures: (file, perceptual hash, pixels). The one with most pixels stays of those alike, else the first.
        bits: alike means that at most so many of 64 bits differ.
    """
    order = sorted(range(len(pictures)), key=lambda place: (-pictures[place][2], place))
    hashes = np.array([int(pictures[place][1], 16) for place in order], dtype=np.uint64)
    stays = np.zeros(len(order), dtype=np.uint64)
    names: list[str] = []
    found: dict[str, str] = {}
    for hash_, place in zip(hashes, order, strict=True):
        differing = np.bitwise_count(stays[: len(names)] ^ hash_)
        nearest = int(differing.argmin()) if len(names) else 0
        if len(names) and differing[nearest] <= bits:
            found[pictures[place][0]] = names[nearest]
        else:
            stays[len(names)] = hash_
            names.append(pictures[place][0])
    return found
