"""Which scorer this machine has: the challenge's own when its weights are here, else the preview scorer.

The two are never mixed: every score carries the name of its scorer and the hash of its weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from story_engine.catalog.published import AESTHETIC
from story_engine.catalog.weights_hash import files_hash
from story_engine.store.hashes import file_sha256
from story_engine.store.layout import Layout

_PREVIEW_FOLDER = Path(__file__).parents[1] / "scoring" / "preview_scorer"


@dataclass(frozen=True, slots=True)
class PresentScorer:
    """A scorer whose weights are on this machine."""

    name: str
    """"aesthetic" (the challenge's) or "preview"."""
    version: str
    """First 12 hexadecimal digits of the SHA-256 of its weights."""
    folder: Path
    """In the layout of `save_pretrained`."""

    @property
    def is_challenge(self) -> bool:
        """Whether its numbers are the challenge's."""
        return self.name == "aesthetic"


def present_scorer(layout: Layout) -> PresentScorer:
    """The scorer that counts on this machine now: the challenge's where all of it is here, and only then."""
    challenge = AESTHETIC.folder(layout)
    if AESTHETIC.is_complete(challenge):
        version = files_hash(layout, weights_of(challenge), joined="".join)
        if version:
            return PresentScorer("aesthetic", version[:12], challenge)
    return PresentScorer("preview", _version(_PREVIEW_FOLDER), _PREVIEW_FOLDER)


def weights_of(folder: Path) -> list[Path]:
    """The files that a scorer in this folder is read from."""
    return AESTHETIC.part("scorer").weights(folder)


def _version(folder: Path) -> str:
    try:
        return file_sha256(weights_of(folder)[0])[:12]
    except OSError:
        return "untrained"
