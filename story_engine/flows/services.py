"""The real services that flows work with, fitted together once by bootstrap."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from story_engine.catalog.scorers import PresentScorer
from story_engine.config import Config
from story_engine.domain.family import Family
from story_engine.domain.gate import ScriptRun
from story_engine.domain.job import ClusterNotice, OthersBefore, Retention, StartTrouble
from story_engine.domain.views import FamilyState
from story_engine.errors import InstallOrDownload
from story_engine.flows.disk_work import DiskWork
from story_engine.jobs.imports.launcher import PictureImports
from story_engine.jobs.imports.lora_reader import LoraReader
from story_engine.jobs.queue.ledger import Ledger
from story_engine.store.bundles import BundleStore
from story_engine.store.comics import ComicStore
from story_engine.store.dataset_captions import DatasetCaptions
from story_engine.store.datasets import DatasetStore
from story_engine.store.desk import DeskStore
from story_engine.store.embeddings import EmbeddingStore
from story_engine.store.favourites import FavouriteStore
from story_engine.store.gallery_index import GalleryIndex
from story_engine.store.hand_ins import HandInStore
from story_engine.store.layout import Layout
from story_engine.store.logs import LogStore
from story_engine.store.lora_library import LoraLibrary
from story_engine.store.loras import LoraStore
from story_engine.store.members import MemberLayout
from story_engine.store.picture_figures import FigureStore
from story_engine.store.references import ReferenceStore
from story_engine.store.replays import ReplayStore
from story_engine.store.runs import RunStore
from story_engine.store.scores import ScoreStore
from story_engine.store.stopped_takes import StoppedTakeStore
from story_engine.store.stories import StoryStore
from story_engine.store.sweeps import SweepStore
from story_engine.store.takes import TakeStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Stores, ledger, and the questions about models that flows may ask."""

    config: Config
    layout: Layout
    disk_work: DiskWork
    stories: StoryStore
    takes: TakeStore
    stopped_takes: StoppedTakeStore
    scores: ScoreStore
    embeddings: EmbeddingStore
    figures: FigureStore
    loras: LoraStore
    lora_library: LoraLibrary
    lora_reader: LoraReader
    runs: RunStore
    sweeps: SweepStore
    desk: DeskStore
    favourites: FavouriteStore
    gallery: GalleryIndex
    bundles: BundleStore
    comics: ComicStore
    hand_ins: HandInStore
    logs: LogStore
    references: ReferenceStore
    replays: ReplayStore
    datasets: DatasetStore
    captions: DatasetCaptions
    imports: PictureImports
    ledger: Ledger
    retention: Callable[[], Retention]
    """How long the list of jobs remembers what is over."""
    device: str
    """Type of the device that paints: "cuda" or "cpu"."""
    families: Callable[[], Mapping[str, Family]]
    family_states: Callable[[], tuple[FamilyState, ...]]
    files_missing: Callable[[str], InstallOrDownload]
    """The error that names which files of a family are not here."""
    present_scorer: Callable[[], PresentScorer]
    challenge_script: Callable[[Path], ScriptRun]
    """Runs the challenge's own script on a folder of pictures, in a fresh process."""
    start_dispatcher: Callable[[], None]
    dispatcher_state: Callable[[], str]
    start_trouble: Callable[[], StartTrouble | None]
    others_before: Callable[[], OthersBefore | None]
    """What of other people's comes before one's own, in a class."""
    cluster_notice: Callable[[], ClusterNotice | None]
    """What keeps the dispatcher from starting."""
    count_tokens: Callable[[str], int]
    cut_position: Callable[[str, int], int | None]
    unknown_words: Callable[[str], list[str]]
    style_words: Callable[[str], list[str]]

    @property
    def user(self) -> str:
        """Who asks, for fair share."""
        return self.config.user

    @property
    def is_member(self) -> bool:
        """Whether they are those of one person of a class: what is everybody's is then looked at, and not changed."""
        return isinstance(self.layout, MemberLayout)

    def ready(self) -> dict[str, bool]:
        """Family name → whether its weights are here."""
        return {state.name: state.ready for state in self.family_states()}
