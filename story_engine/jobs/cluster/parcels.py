"""What dispatcher and worker hand each other through dask: plain frozen values."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from story_engine.config import PROJECT_FOLDER
from story_engine.domain.job import Progress
from story_engine.jobs.orders import Order, Outcome

_SPOKEN = (
    "jobs/cluster/parcels.py",
    "jobs/cluster/calls.py",
    "jobs/orders.py",
    "domain/job.py",
    "domain/job_result.py",
    "domain/job_spec.py",
    "domain/recipe.py",
    "domain/take.py",
)
"""Where the types are that machines must understand alike."""


def _version() -> str:
    digest = hashlib.sha256()
    for name in _SPOKEN:
        digest.update((PROJECT_FOLDER / "story_engine" / name).read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:12]


VERSION = _version()
"""Machines whose Studio has other types are left out, with a word: half of what they said would not be understood."""
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


INPAINTING = "inpainting"
"""What a family's U-Net for inpainting is called among its adapters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a worker is able to do."""

    machine: str
    tokens: int
    families: dict[str, str]
    """Family → hash of the weights that lie there; families whose weights are missing are not listed."""
    is_shared: bool
    """Whether it sees the dispatcher's workspace under the same path."""
    device: str = "cpu"
    """Its type, "cuda" or "cpu"."""
    precisions: dict[str, str] = field(default_factory=dict)
    """Family → the precision that this machine paints it in."""
    adapters: dict[str, str] = field(default_factory=dict)
    """What lies there beside a family ("kolors edges", "kolors inpainting") → hash of its weights."""
    version: str = VERSION

    @property
    def weights(self) -> dict[str, str]:
        """Everything that lies there → hash of its weights."""
        return self.families | self.adapters


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
    references: tuple[bytes, ...] = ()
    """Files of pictures that recipes are painted from: they are small, and travel with it."""

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
class Homecoming:
    """What became of an errand, with all that the dispatcher has not been given yet."""

    outcome: Outcome
    takes: dict[str, TakeParcel] = field(default_factory=dict)
    scored: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """File of the folder of scores → lines: scores, embeddings and figures, each by the hash of its picture."""


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
    home: Homecoming | None = None
    """Its end, told once: dask's own answer, which holds it too, takes two more turns through the scheduler."""
