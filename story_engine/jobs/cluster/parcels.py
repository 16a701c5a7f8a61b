"""What dispatcher and worker hand each other through dask: plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath

from story_engine.domain.job import Progress
from story_engine.domain.take import Score
from story_engine.jobs.orders import Order, Outcome

VERSION = 1
"""Raised when one of these types changes: machines of another version are left out, with a word."""
RESOURCE = "GPU"
"""What `dask worker --resources "GPU=2"` calls the devices of a machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """Who asks: a workspace, and how to tell whether the worker sees the same folder."""

    id: str
    """Of this dispatcher's process: another one's orders are none of ours."""
    workspace: str
    stories: str
    token: str
    """What `cluster-token` in the workspace holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a worker is able to do."""

    machine: str
    tokens: int
    families: dict[str, str]
    """Family → hash of the weights that lie there; families whose weights are missing are not listed."""
    is_shared: bool
    """Whether it sees the dispatcher's workspace under the same path."""
    version: int = VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraFile:
    """A LoRA that an order needs, found by its content."""

    name: str
    sha256: str
    """As a recipe names it."""
    ending: str
    """Of the file: `.safetensors` or `.ckpt`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """An order on its way to a worker."""

    studio: Studio
    order: Order
    is_shared: bool
    loras: tuple[LoraFile, ...] = ()

    @property
    def key(self) -> str:
        """Names it in dask and on the worker; another attempt is another errand."""
        return f"story-studio-{self.studio.id}-{self.order.job}-{self.order.attempt}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeParcel:
    """A finished picture, byte for byte, with its record."""

    record: bytes
    png: bytes
    thumbnail: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What happened to an errand since it was asked for the last time."""

    is_known: bool = True
    """Whether the worker has begun with it."""
    progress: Progress | None = None
    previews: dict[PurePosixPath, bytes] = field(default_factory=dict)
    """Path inside the job's folder of previews → JPEG; only what changed."""
    takes: dict[str, TakeParcel] = field(default_factory=dict)
    """By id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Homecoming:
    """What became of an errand, with all that the dispatcher has not been given yet."""

    outcome: Outcome
    takes: dict[str, TakeParcel] = field(default_factory=dict)
    scores: tuple[Score, ...] = ()
    figures: dict[int, dict[str, bytes]] = field(default_factory=dict)
    """Version → picture SHA-256 → packed figures."""
