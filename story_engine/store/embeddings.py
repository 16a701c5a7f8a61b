"""What a scorer sees in a picture, beside its scores: one append-only file per scorer and version.

A line is a picture's hash and its embedding, in half precision: 1.5 KB for the challenge's scorer. They can be made
again at any time by scoring the picture again.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from story_engine.store.atomic import append_bytes
from story_engine.store.layout import Layout

Embedding = NDArray[np.float32]
"""(width of the scorer's projection,), of length 1."""

_STORED = np.dtype("<f2")
"""Two embeddings' similarity changes by less than 0.0005 over it."""
_LOG = logging.getLogger(__name__)


class EmbeddingStore:
    """All embeddings of a workspace."""

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.scores

    def embeddings(self, scorer: str, version: str) -> Mapping[str, Embedding]:
        """Picture SHA-256 → embedding by this scorer of this version. A line torn by a crash is passed over."""
        path = self._path(scorer, version)
        try:
            stat = path.stat()
            return dict(_read(path, stat.st_size, stat.st_mtime_ns))
        except FileNotFoundError:
            return {}
        except OSError as error:
            _LOG.warning("The embeddings in %s cannot be read: %s", path, error)
            return {}

    def add(self, scorer: str, version: str, embeddings: Mapping[str, Embedding]) -> None:
        """Append embeddings, each of length 1.

        Raises:
            Wait: they cannot be written.
        """
        # A leading newline ends a line that a crash may have left torn.
        lines = "".join(f"\n{_line(picture, embedding)}" for picture, embedding in embeddings.items())
        if lines:
            append_bytes(self._path(scorer, version), f"{lines}\n".encode())

    def _path(self, scorer: str, version: str) -> Path:
        return self._folder / f"{scorer}-{version}.embeddings.jsonl"


def _line(picture: str, embedding: Embedding) -> str:
    packed = base64.b64encode(np.asarray(embedding).astype(_STORED).tobytes()).decode()
    return json.dumps({"picture_sha256": picture, "embedding": packed})


@lru_cache(maxsize=4)
def _read(path: Path, size_bytes: int, modified_ns: int) -> tuple[tuple[str, Embedding], ...]:
    del size_bytes, modified_ns  # they only make the cache key
    found: dict[str, Embedding] = {}
    width = None
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if not line.strip():
            continue
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
    return tuple(found.items())
