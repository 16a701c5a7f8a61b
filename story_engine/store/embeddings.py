"""What a scorer sees in a picture, beside its scores: one append-only file per scorer and version.

A line is a picture's hash and its embedding, in half precision: 1.5 KB for the challenge's scorer. They can be made
again at any time by scoring the picture again.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from story_engine.store.append_only import append_lines, entries_of
from story_engine.store.layout import Layout

Embedding = NDArray[np.float32]
"""(width of the scorer's projection,), of length 1."""

_STORED = np.dtype("<f2")
"""Two embeddings' similarity changes by less than 0.0005 over it."""


class EmbeddingStore:
    """All embeddings of a workspace."""

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.scores

    def embeddings(self, scorer: str, version: str) -> Mapping[str, Embedding]:
        """Picture SHA-256 → embedding by this scorer of this version. A line torn by a crash is passed over."""
        return entries_of(self._path(scorer, version), _read)

    def add(self, scorer: str, version: str, embeddings: Mapping[str, Embedding]) -> None:
        """Append embeddings, each of length 1.

        Raises:
            Wait: they cannot be written.
        """
        append_lines(self._path(scorer, version), (_line(*each) for each in embeddings.items()))

    def _path(self, scorer: str, version: str) -> Path:
        return self._folder / f"{scorer}-{version}.embeddings.jsonl"


def _line(picture: str, embedding: Embedding) -> str:
    packed = base64.b64encode(np.asarray(embedding).astype(_STORED).tobytes()).decode()
    return json.dumps({"picture_sha256": picture, "embedding": packed})


def _read(lines: Iterable[str]) -> dict[str, Embedding]:
    found: dict[str, Embedding] = {}
    width = None
    for line in lines:
        try:
            fields = json.loads(line)
            picture = str(fields["picture_sha256"])
            embedding = np.frombuffer(base64.b64decode(fields["embedding"]), dtype=_STORED).astype(np.float32)
        except (ValueError, KeyError, TypeError):
            continue
        length = float(np.linalg.norm(embedding))
        width = width or embedding.size
        if embedding.size == width and np.isfinite(length) and length > 0:
            found[picture] = embedding / length
    return found
