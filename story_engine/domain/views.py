"""What flows hand out to pages and command line: plain values made for looking at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from story_engine.domain.job_result import Failure
from story_engine.domain.models import Licence
from story_engine.errors import StudioError


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryCard:
    """A story on the shelf."""

    slug: str
    title: str
    scenes: int
    rendered: int
    """Scenes with at least one take."""
    cover: Path | None
    """Thumbnail of the first panel that has one."""
    family: str
    updated_at: float
    """Seconds since the epoch."""
    problem: StudioError | None
    """Why the file cannot be read; the card is still shown."""
    is_misnamed: bool = False
    """The file has a name that cannot be used; `slug` is one that it could be given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfPage:
    """Some of the stories on the shelf, and how many there are."""

    cards: tuple[StoryCard, ...]
    stories: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedText:
    """What the model will really be sent for one scene."""

    prompt: str
    negative: str
    prompt_tokens: int
    negative_tokens: int
    token_limit: int
    prompt_cut: int | None
    """Character of the prompt from which on the model reads nothing; None when all is read."""
    negative_cut: int | None
    unknown_words: tuple[str, ...]
    """Words that the preview model does not know (empty for other families)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """What became of a request to render or score."""

    job: int | None
    """None when everything asked for was already there."""
    found: int
    """Pictures (or scores) that existed already."""
    queued: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """One file of a model family on this machine."""

    path: str
    """Below `workspace/models`, or whole where it lies elsewhere."""
    size_bytes: int
    """As published; for a file that is there, as found."""
    state: str
    """"present", "missing", "truncated", "damaged", "unreadable", or "foreign": it is of another model."""
    received_bytes: int = 0
    """What a download that was paused, or runs, has brought of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPlace:
    """A folder in which a model lies, or some of it."""

    folder: Path
    is_whole: bool
    counts: bool
    """Whether it is the one that is used."""
    missing: tuple[tuple[str, str], ...]
    """Files that are not there, or cannot be used, each with its state as `ModelFile.state`."""
    faults: tuple[Failure, ...]
    """Why files in it are of another model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyState:
    """A model family on this machine."""

    name: str
    title: str
    ready: bool
    files: tuple[ModelFile, ...]
    source: str
    """Where missing files come from."""
    can_download: bool = False
    """Whether they are on a hub; else the model comes with the Studio."""
    is_needed: bool = True
    """False for what people may have and the Studio does without."""
    folder: Path | None = None
    """Where it lies, or would lie after a download."""
    places: tuple[ModelPlace, ...] = ()
    """All folders that hold it or some of it."""
    faults: tuple[Failure, ...] = ()
    """Why files that are there are of another model."""
    licence: Licence | None = None
    accepted_at: str = ""
    """When this version of the licence was accepted; blank where it was not."""

    @property
    def size_bytes(self) -> int:
        """Of all its files."""
        return sum(file.size_bytes for file in self.files)

    @property
    def missing_bytes(self) -> int:
        """What a download would still have to bring."""
        return sum(max(0, file.size_bytes - file.received_bytes) for file in self.files if file.state != "present")

    @property
    def received_bytes(self) -> int:
        """What is here, half a file included."""
        return sum(file.size_bytes if file.state == "present" else file.received_bytes for file in self.files)

    @property
    def needs_acceptance(self) -> bool:
        """Whether a licence has to be accepted before a download."""
        return self.licence is not None and not self.accepted_at and not self.ready


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What this machine can do, asked without importing torch."""

    device: str
    """Name of the GPU, or of the processor."""
    gpus: int
    memory_bytes: int
    families: tuple[FamilyState, ...]
    scorer: str
    """"aesthetic" when the challenge's weights are here, else "preview"."""
    dispatcher: str
    """"running", "starting" or "stopped"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateView:
    """The challenge's rule on the panels as they are chosen now."""

    scorer: str
    is_challenge: bool
    """False for the preview scorer: its numbers are no promise about the challenge's."""
    threshold: float
    mean: float | None
    scored: int
    panels: int
    values: tuple[float | None, ...]
    pulls: tuple[float | None, ...]
    """Per panel: what the mean would lose (positive) or gain (negative) without it."""

    @property
    def distance(self) -> float | None:
        """Mean minus threshold; negative while under the gate."""
        return None if self.mean is None else self.mean - self.threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckItem:
    """One line of the submission checklist."""

    code: str
    """Message code in messages/submit.json."""
    values: dict[str, object]
    state: str
    """"ok", "warning", "blocks", or "reminder" of what no program can see."""
    scene: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadFile:
    """A file that an upload would put into a repository."""

    name: str
    size_bytes: int
