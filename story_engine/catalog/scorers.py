"""Which scorer this machine has: the challenge's own when its weights are here, else the preview scorer.

The two are never mixed: every score carries the name of its scorer and the hash of its weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from story_engine.store.hashes import file_sha256
from story_engine.store.layout import Layout

CHALLENGE_MODEL = "AI-ModelScope/aesthetics-predictor-v2-sac-logos-ava1-l14-linearMSE"
"""The model that the challenge's rules name."""
_PREVIEW_FOLDER = Path(__file__).parents[1] / "scoring" / "preview_scorer"
_WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")


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
    """The scorer that counts on this machine now."""
    challenge = challenge_folder(layout)
    if _weights(challenge) is not None and (challenge / "config.json").exists():
        return _scorer("aesthetic", challenge)
    return _scorer("preview", _PREVIEW_FOLDER)


def challenge_folder(layout: Layout) -> Path:
    """Where the challenge's scorer is looked for and downloaded to."""
    return layout.models / CHALLENGE_MODEL.rpartition("/")[2]


def _scorer(name: str, folder: Path) -> PresentScorer:
    weights = _weights(folder)
    if weights is None:
        return PresentScorer(name, "untrained", folder)
    return PresentScorer(name, file_sha256(weights)[:12], folder)


def _weights(folder: Path) -> Path | None:
    return next((folder / name for name in _WEIGHT_FILES if (folder / name).is_file()), None)
