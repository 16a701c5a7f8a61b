"""The only place where real services are chosen and fitted together."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from story_engine.catalog.devices import gpu_names
from story_engine.catalog.families import families
from story_engine.catalog.published import family_states, files_missing
from story_engine.catalog.scorers import present_scorer
from story_engine.catalog.settle import settle
from story_engine.catalog.tokenizer import count_tokens, cut_position
from story_engine.config import Config
from story_engine.domain.family import Family
from story_engine.flows.disk_work import DiskWork
from story_engine.flows.services import Services
from story_engine.jobs.imports.launcher import PictureImports
from story_engine.jobs.imports.lora_reader import LoraReader
from story_engine.jobs.queue.class_turns import read_turns
from story_engine.jobs.queue.cluster_notice import cluster_notice
from story_engine.jobs.queue.gate_run import run_challenge_script
from story_engine.jobs.queue.launcher import dispatcher_state, start_dispatcher, start_trouble
from story_engine.jobs.queue.ledger import Ledger
from story_engine.jobs.queue.ledger_prune import retention_of
from story_engine.jobs.queue.painters import as_painted, painters
from story_engine.preview_model.world.intent import style_words
from story_engine.preview_model.world.vocabulary import unknown_words
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
from story_engine.store.members import MemberLayout, layout_at, serving_layout
from story_engine.store.picture_figures import FigureStore
from story_engine.store.privacy import keep_private
from story_engine.store.references import ReferenceStore
from story_engine.store.replays import ReplayStore
from story_engine.store.runs import RunStore
from story_engine.store.scores import ScoreStore
from story_engine.store.stopped_takes import StoppedTakeStore
from story_engine.store.stories import StoryStore
from story_engine.store.sweeps import SweepStore
from story_engine.store.takes import TakeStore


def open_services(config: Config) -> Services:
    """Everything that flows work with, on a workspace. Opens no process and reads no weights."""
    layout = layout_at(config.workspace, config.stories)
    keep_private(layout)
    if not isinstance(layout, MemberLayout):  # a class's models are settled once, for all
        settle(layout, started_in=Path.cwd())
    serving = serving_layout(layout)
    datasets = DatasetStore(layout)
    retention = partial(retention_of, layout, jobs=config.jobs_kept, days=config.job_days_kept)
    loras = LoraStore(layout)
    stories, scores = StoryStore(layout), ScoreStore(layout)
    return Services(
        config=config,
        layout=layout,
        disk_work=DiskWork(),
        stories=stories,
        takes=TakeStore(layout),
        stopped_takes=StoppedTakeStore(layout),
        scores=scores,
        embeddings=EmbeddingStore(layout),
        figures=FigureStore(layout),
        loras=loras,
        lora_library=LoraLibrary(layout, loras),
        lora_reader=LoraReader(layout),
        runs=RunStore(layout),
        sweeps=SweepStore(layout),
        desk=DeskStore(layout),
        favourites=FavouriteStore(layout),
        gallery=GalleryIndex(layout, stories=stories, scores=scores),
        bundles=BundleStore(layout),
        comics=ComicStore(layout),
        hand_ins=HandInStore(layout),
        logs=LogStore(layout),
        references=ReferenceStore(layout),
        replays=ReplayStore(layout),
        datasets=datasets,
        captions=DatasetCaptions(datasets),
        imports=PictureImports(config),
        ledger=Ledger(layout, retention(), most_waiting=config.user_jobs if isinstance(layout, MemberLayout) else 0),
        retention=retention,
        device=_device(config, serving),
        families=partial(_families, config, layout, serving),
        family_states=partial(family_states, layout),
        files_missing=partial(files_missing, layout),
        present_scorer=partial(present_scorer, layout),
        challenge_script=partial(run_challenge_script, layout),
        start_dispatcher=partial(start_dispatcher, config),
        dispatcher_state=partial(dispatcher_state, serving),
        start_trouble=partial(start_trouble, serving),
        others_before=partial(read_turns, serving, layout),
        cluster_notice=partial(cluster_notice, serving),
        count_tokens=count_tokens,
        cut_position=cut_position,
        unknown_words=unknown_words,
        style_words=style_words,
    )


def _families(config: Config, layout: Layout, serving: Layout) -> Mapping[str, Family]:
    """Every family, as the machines paint it that have the jobs."""
    known = families(layout)
    return as_painted(known, serving) if config.scheduler else known


def _device(config: Config, serving: Layout) -> str:
    found = painters(serving) if config.scheduler else None
    if found is not None:
        return found.device
    return "cuda" if gpu_names() else "cpu"
