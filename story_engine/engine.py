"""The front desk: one method per thing that a person can ask of the Studio.

Pages and the command line talk to this class alone. It takes and returns plain values, never blocks for longer than a
file takes to read, and never imports torch: work is put into the ledger and done elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from story_engine.config import Config
from story_engine.desks.datasets import DatasetDesk
from story_engine.desks.disk import DiskDesk
from story_engine.desks.loras import LoraDesk
from story_engine.desks.sweeps import SweepDesk
from story_engine.desks.trainings import TrainingDesk
from story_engine.domain.board import Board, OpenStory
from story_engine.domain.edit import Edit as Edit
from story_engine.domain.edit import Revision as Revision
from story_engine.domain.gate import CHALLENGE_GATE
from story_engine.domain.job import JobView, LedgerSize, Retention, StartTrouble
from story_engine.domain.story import Story
from story_engine.domain.views import CheckItem, GateView, Machine, ResolvedText, ShelfPage, StoryCard, Submitted
from story_engine.flows import export, machine, queue, resolved_text, shelf, takes
from story_engine.flows.panels import missing_loras, open_story
from story_engine.flows.services import Services


@dataclass(frozen=True, slots=True)
class Engine:
    """Everything a person can ask. Built by `bootstrap.open_engine(config)`."""

    config: Config
    services: Services

    @property
    def datasets(self) -> DatasetDesk:
        """Everything that a person can ask about datasets."""
        return DatasetDesk(self.services, self.config.user)

    @property
    def disk(self) -> DiskDesk:
        """Everything that a person can ask about the disk and the trash."""
        return DiskDesk(self.services)

    @property
    def training(self) -> TrainingDesk:
        """Everything that a person can ask about trainings."""
        return TrainingDesk(self.services, self.config.user)

    @property
    def lora_library(self) -> LoraDesk:
        """Everything that a person can ask about LoRAs."""
        return LoraDesk(self.services)

    @property
    def sweeps(self) -> SweepDesk:
        """Everything that a person can ask about comparisons."""
        return SweepDesk(self.services, self.config.user)

    # -- the shelf ---------------------------------------------------------------------------------------------------
    def shelf(self) -> tuple[StoryCard, ...]:
        """All stories, last changed first."""
        return shelf.cards(self.services)

    def shelf_page(self, page: int, *, per_page: int) -> ShelfPage:
        """The stories of one page (1 is the first), last changed first; the others cost next to nothing."""
        return shelf.page(self.services, start=(page - 1) * per_page, count=per_page)

    def titles(self) -> dict[str, str]:
        """Slug → title of every story that can be opened, last changed first: to choose from."""
        return shelf.titles(self.services)

    def templates(self) -> tuple[StoryCard, ...]:
        """The shipped stories that a new one can start from."""
        return shelf.templates(self.services)

    def create(self, title: str, *, template: str | None = None, family: str = "preview") -> str:
        """A new story, empty with eight scenes or copied from a template; its slug."""
        return shelf.create(self.services, title, template=template, family=family)

    def create_from(self, story: Story, edits: Sequence[Edit]) -> str:
        """A new story with the text of `story` after `edits`: what a tab still has of one that is gone; its slug.

        Raises:
            InvalidInput: a value cannot be accepted; nothing was created.
        """
        return self.services.stories.create_from(story, edits)

    def duplicate(self, slug: str) -> str:
        """A copy of the text (not of the takes); the new slug."""
        return self.services.stories.duplicate(slug)

    def rename(self, slug: str, title: str) -> None:
        """A new title; the slug, and with it every path, stays."""
        self.services.stories.rename(slug, title)

    def delete(self, slug: str) -> str:
        """Away from the shelf, into the trash; the token gives it back."""
        return self.services.stories.delete(slug)

    def restore(self, token: str) -> str:
        """Undo of `delete`; the slug."""
        return self.services.stories.restore(token)

    # -- a story -----------------------------------------------------------------------------------------------------
    def story(self, slug: str) -> Story:
        """The story as it is on disk now.

        Raises:
            ChooseAnother: no such story.
            InvalidInput: the file has problems, all listed.
        """
        return self.services.stories.load(slug)

    def edit(self, slug: str, edits: Sequence[Edit]) -> Story:
        """Change fields, merging with what other tabs changed meanwhile; the story after it.

        Raises:
            EditConflict: another tab changed the same field since `seen`; both texts are in the error, nothing is lost.
            InvalidInput: a value cannot be accepted; nothing was changed.
        """
        return self.services.stories.edit(slug, edits)

    def add_scene(self, slug: str, *, after: str | None = None) -> Story:
        """One more empty scene."""
        return self.services.stories.add_scene(slug, after=after)

    def remove_scene(self, slug: str, scene: str) -> Story:
        """One scene less (undo through `history`); its takes stay on disk."""
        return self.services.stories.remove_scene(slug, scene)

    def move_scene(self, slug: str, scene: str, *, by: int) -> Story:
        """The scene `by` places later (earlier when negative)."""
        return self.services.stories.move_scene(slug, scene, by=by)

    def notices(
        self, slug: str, language: str, story: Story | None = None
    ) -> tuple[tuple[str, dict[str, object]], ...]:
        """Message codes with values of what the author should know: damage, copies that were kept, missing LoRAs."""
        picks_fault = self.services.takes.picks_fault(slug)
        return (
            *self.services.stories.notices(slug, language),
            *([(picks_fault.code, picks_fault.values)] if picks_fault else []),
            *missing_loras(self.services, story or self.story(slug)),
        )

    def history(self, slug: str) -> tuple[Revision, ...]:
        """Earlier states, newest first."""
        return self.services.stories.history(slug)

    def go_back_to(self, slug: str, revision: int) -> Story:
        """Bring back an earlier state as a new revision."""
        return self.services.stories.go_back_to(slug, revision)

    def resolved(self, story: Story, scene: str) -> ResolvedText:
        """What the model will really be sent, with token counts and unknown words."""
        return resolved_text.resolved_text(self.services, story, scene)

    def loras(self) -> tuple[str, ...]:
        """Names of the LoRAs in the library."""
        return self.services.loras.names()

    # -- the board ---------------------------------------------------------------------------------------------------
    def board(self, slug: str) -> Board:
        """The panels with their takes, scores and picks."""
        return self.open(slug).board

    def open(self, slug: str) -> OpenStory:
        """The story and its board, read once: what a page or a report then says about them fits together."""
        return open_story(self.services, slug)

    def thumbnail(self, path: Path) -> bytes | None:
        """A take's small picture, made again where it is missing; None where the picture itself cannot be read."""
        return self.services.takes.shown(path)

    def pick(self, slug: str, scene: str, take: str | None) -> None:
        """A person's choice of take for a panel; None takes the choice back."""
        takes.pick(self.services, slug, scene, take)

    def pin(self, slug: str, scene: str, take: str) -> Story:
        """Make the take's seed the scene's, and pin it."""
        return takes.pin(self.services, slug, scene, take)

    def use_settings(self, slug: str, scene: str, take: str) -> Story:
        """Bring back the prompt, negative and seed that this take was painted from, and its settings."""
        return takes.use_settings(self.services, slug, scene, take)

    def delete_take(self, slug: str, scene: str, take: str) -> str:
        """Into the trash; the token gives it back."""
        return self.services.takes.delete(slug, scene, take)

    def restore_take(self, token: str) -> None:
        """Undo of `delete_take`."""
        self.services.takes.restore(token)

    # -- work --------------------------------------------------------------------------------------------------------
    def render(
        self,
        slug: str,
        *,
        scenes: Sequence[str] | None = None,
        takes: int = 1,
        overrides: Mapping[str, object] | None = None,
        without_loras: bool = False,
    ) -> Submitted:
        """Make sure that the first `takes` takes of the scenes (None: all) exist.

        `overrides` are settings for this request alone (`family`, `sampler`, `steps`, …); the story keeps its own.
        `without_loras`: the same scenes and seeds without any LoRA, as ordinary takes to hold the others against; a
        single one has the seed of the take that its panel shows.

        Raises:
            StandInNeeded: the story's family is not on this machine and no stand-in has been chosen.
        """
        user = self.config.user
        return queue.render(
            self.services, slug, scenes=scenes, takes=takes, user=user, overrides=overrides, without_loras=without_loras
        )

    def redo(self, slug: str, scene: str, *, takes: int = 1) -> Submitted:
        """`takes` more takes of one scene, at the front of the queue."""
        return queue.redo(self.services, slug, scene, takes=takes, user=self.config.user)

    def rescore(self, slug: str, *, scene: str | None = None) -> Submitted:
        """Score what has no score of the present scorer version."""
        return queue.rescore(self.services, slug, scene=scene, user=self.config.user)

    def jobs(self, *, story: str | None = None, active: bool = True) -> tuple[JobView, ...]:
        """Jobs, oldest first; finished ones too with `active=False` (the last fifty)."""
        found = self.services.ledger.jobs(story=story, active=active)
        queue.keep_served(self.services, found)
        return found

    def job(self, job: int) -> JobView:
        """One job."""
        found = self.services.ledger.job(job)
        queue.keep_served(self.services, [found])
        return found

    def cancel(self, job: int) -> None:
        """Ask the job to stop; finished takes are kept."""
        self.services.ledger.request_cancel(job)

    def retry(self, job: int) -> int:
        """Queue a failed, cancelled or held job again; the id of the job."""
        return queue.retry(self.services, job)

    def job_list_size(self) -> LedgerSize:
        """How much the list of jobs takes up, and how many are in it."""
        return self.services.ledger.size()

    def prune_jobs(self, *, keep: int | None = None, days: int | None = None) -> int:
        """Forget finished jobs; how many. What waits, runs or is still shown stays, and so do all takes and LoRAs.

        Args:
            keep: at most so many of them stay; where this is None, as many as is configured or set.
            days: how old they may be; likewise.
        """
        usual = self.services.retention()
        return self.services.ledger.prune(
            Retention(jobs=usual.jobs if keep is None else keep, days=usual.days if days is None else days)
        )

    # -- the machine -------------------------------------------------------------------------------------------------
    def machine(self) -> Machine:
        """Device, models, dispatcher."""
        return machine.inspect(self.services)

    def start_trouble(self) -> StartTrouble | None:
        """Why nobody does the jobs that wait; None while somebody does, or soon will."""
        return queue.start_trouble(self.services)

    def warm_up(self) -> None:
        """Start the dispatcher if it is not running, so that the first render does not wait for it."""
        self.services.start_dispatcher()

    def download(self, family: str) -> int:
        """Queue the download of a family's missing files (or "aesthetic", the challenge's scorer); the job."""
        return queue.download(self.services, family, user=self.config.user)

    # -- submission --------------------------------------------------------------------------------------------------
    def gate(self, slug: str | OpenStory, *, threshold: float = CHALLENGE_GATE) -> GateView:
        """Mean, per-panel scores, what lifts or drags the mean, distance to the gate."""
        return export.gate_view(self._opened(slug).board, threshold=threshold)

    def checklist(self, slug: str | OpenStory, *, threshold: float = CHALLENGE_GATE) -> tuple[CheckItem, ...]:
        """What is there and what is missing for a submission."""
        return export.checklist(self._opened(slug), threshold=threshold)

    def contact_sheet(self, slug: str | OpenStory) -> bytes:
        """The chosen panels as one JPEG, two columns, 1024 × 2048 for eight, as the challenge's notebook glues them."""
        return export.sheet(self._opened(slug).board)

    def export(self, slug: str | OpenStory, *, threshold: float = CHALLENGE_GATE, out: Path | None = None) -> Path:
        """Write the bundle, whole or not at all; its path.

        Raises:
            NotReady: the checklist blocks; nothing was written.
        """
        return export.export(self.services, self._opened(slug), threshold=threshold, out=out)

    def _opened(self, slug: str | OpenStory) -> OpenStory:
        return self.open(slug) if isinstance(slug, str) else slug
