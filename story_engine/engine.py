"""The front desk: one method per thing that a person can ask of the Studio.

Pages and the command line talk to this class alone. It takes and returns plain values, never blocks for longer than a
file takes to read, and never imports torch: work is put into the ledger and done elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from story_engine.domain.board import Board
from story_engine.domain.job import JobView
from story_engine.domain.story import Story


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
    problem: str | None
    """Message code when the file cannot be read; the card is still shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One field changed by one person, with the value they saw before: the compare of a compare-and-swap.

    `scene` None means a field of the story itself (`title`, `style`, `negative`, `settings`, `characters`, `loras`).
    """

    scene: str | None
    field: str
    value: object
    seen: object


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
class Revision:
    """One state of a story in its history."""

    number: int
    saved_at: float
    changed: tuple[str, ...]
    """What differs from the revision before, as `style` or `scenes[<id>].prompt`."""


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
    size_bytes: int
    """As published; for a file that is there, as found."""
    state: str
    """"present", "missing", "truncated" or "damaged"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyState:
    """A model family on this machine."""

    name: str
    title: str
    ready: bool
    files: tuple[ModelFile, ...]
    source: str
    """Where missing files come from."""


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
    """"ok", "warning" or "blocks"."""
    scene: str | None = None


class Engine:
    """Everything a person can ask. Built by `bootstrap.open_engine(config)`."""

    # -- the shelf ---------------------------------------------------------------------------------------------------
    def shelf(self) -> tuple[StoryCard, ...]:
        """All stories, last changed first."""
        raise NotImplementedError

    def templates(self) -> tuple[StoryCard, ...]:
        """The shipped stories that a new one can start from."""
        raise NotImplementedError

    def create(self, title: str, *, template: str | None = None, family: str = "preview") -> str:
        """A new story, empty with eight scenes or copied from a template; its slug."""
        raise NotImplementedError

    def duplicate(self, slug: str) -> str:
        """A copy of the text (not of the takes); the new slug."""
        raise NotImplementedError

    def rename(self, slug: str, title: str) -> None:
        """A new title; the slug, and with it every path, stays."""
        raise NotImplementedError

    def delete(self, slug: str) -> str:
        """Away from the shelf, into the trash; the token gives it back."""
        raise NotImplementedError

    def restore(self, token: str) -> str:
        """Undo of `delete`; the slug."""
        raise NotImplementedError

    # -- a story -----------------------------------------------------------------------------------------------------
    def story(self, slug: str) -> Story:
        """The story as it is on disk now.

        Raises:
            ChooseAnother: no such story.
            InvalidInput: the file has problems, all listed.
        """
        raise NotImplementedError

    def edit(self, slug: str, edits: Sequence[Edit]) -> Story:
        """Change fields, merging with what other tabs changed meanwhile; the story after it.

        Raises:
            EditConflict: another tab changed the same field since `seen`; both texts are in the error, nothing is lost.
            InvalidInput: a value cannot be accepted; nothing was changed.
        """
        raise NotImplementedError

    def add_scene(self, slug: str, *, after: str | None = None) -> Story:
        """One more empty scene."""
        raise NotImplementedError

    def remove_scene(self, slug: str, scene: str) -> Story:
        """One scene less (undo through `history`); its takes stay on disk."""
        raise NotImplementedError

    def move_scene(self, slug: str, scene: str, *, by: int) -> Story:
        """The scene `by` places later (earlier when negative)."""
        raise NotImplementedError

    def history(self, slug: str) -> tuple[Revision, ...]:
        """Earlier states, newest first."""
        raise NotImplementedError

    def go_back_to(self, slug: str, revision: int) -> Story:
        """Bring back an earlier state as a new revision."""
        raise NotImplementedError

    def resolved(self, story: Story, scene: str) -> ResolvedText:
        """What the model will really be sent, with token counts and unknown words."""
        raise NotImplementedError

    # -- the board ---------------------------------------------------------------------------------------------------
    def board(self, slug: str) -> Board:
        """The panels with their takes, scores and picks."""
        raise NotImplementedError

    def pick(self, slug: str, scene: str, take: str | None) -> None:
        """A person's choice of take for a panel; None takes the choice back."""
        raise NotImplementedError

    def pin(self, slug: str, scene: str, take: str) -> Story:
        """Make the take's seed the scene's, and pin it."""
        raise NotImplementedError

    def use_settings(self, slug: str, scene: str, take: str) -> Story:
        """Bring back prompt, negative and seed that this take was painted from (settings too, where they differ)."""
        raise NotImplementedError

    def delete_take(self, slug: str, scene: str, take: str) -> str:
        """Into the trash; the token gives it back."""
        raise NotImplementedError

    def restore_take(self, token: str) -> None:
        """Undo of `delete_take`."""
        raise NotImplementedError

    # -- work --------------------------------------------------------------------------------------------------------
    def render(self, slug: str, *, scenes: Sequence[str] | None = None, takes: int = 1) -> Submitted:
        """Make sure that the first `takes` takes of the scenes (None: all) exist.

        Raises:
            StandInNeeded: the story's family is not on this machine and no stand-in has been chosen.
        """
        raise NotImplementedError

    def redo(self, slug: str, scene: str, *, takes: int = 1) -> Submitted:
        """`takes` more takes of one scene, at the front of the queue."""
        raise NotImplementedError

    def rescore(self, slug: str, *, scene: str | None = None) -> Submitted:
        """Score what has no score of the present scorer version."""
        raise NotImplementedError

    def jobs(self, *, story: str | None = None, active: bool = True) -> tuple[JobView, ...]:
        """Jobs, oldest first; finished ones too with `active=False` (the last fifty)."""
        raise NotImplementedError

    def job(self, job: int) -> JobView:
        """One job."""
        raise NotImplementedError

    def cancel(self, job: int) -> None:
        """Ask the job to stop; finished takes are kept."""
        raise NotImplementedError

    def retry(self, job: int) -> int:
        """Queue a failed, cancelled or held job again; the id of the job."""
        raise NotImplementedError

    # -- the machine -------------------------------------------------------------------------------------------------
    def machine(self) -> Machine:
        """Device, models, dispatcher."""
        raise NotImplementedError

    def warm_up(self) -> None:
        """Start the dispatcher if it is not running, so that the first render does not wait for it."""
        raise NotImplementedError

    def download(self, family: str) -> int:
        """Queue the download of a family's missing files (or "aesthetic", the challenge's scorer); the job."""
        raise NotImplementedError

    # -- submission --------------------------------------------------------------------------------------------------
    def gate(self, slug: str, *, threshold: float = 6.0) -> GateView:
        """Mean, per-panel scores, what lifts or drags the mean, distance to the gate."""
        raise NotImplementedError

    def checklist(self, slug: str, *, threshold: float = 6.0) -> tuple[CheckItem, ...]:
        """What is there and what is missing for a submission."""
        raise NotImplementedError

    def contact_sheet(self, slug: str) -> bytes:
        """The chosen panels as one JPEG, two columns, 1024 × 2048 for eight, as the challenge's notebook glues them."""
        raise NotImplementedError

    def export(self, slug: str, *, threshold: float = 6.0) -> Path:
        """Write the bundle, whole or not at all; its path.

        Raises:
            NotReady: the checklist blocks; nothing was written.
        """
        raise NotImplementedError
