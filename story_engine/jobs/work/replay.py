"""Painting a bundle again, from the bundle alone, in a fresh workspace that is gone afterwards."""

from __future__ import annotations

import logging
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import torch
from PIL import Image, UnidentifiedImageError

from story_engine.config import read_config
from story_engine.domain.job import Progress
from story_engine.domain.job_result import ReplayResult
from story_engine.domain.job_spec import ReplaySpec
from story_engine.domain.recipe import LoraPart, Recipe
from story_engine.domain.replay import CONDITIONS, NOT_RECORDED, PictureReplay, ReplayReport
from story_engine.domain.take import Take
from story_engine.errors import Cancelled, FixInput, MadeWay, StudioError
from story_engine.formats.bundle_reader import REFERENCES, ReadBundle, read_bundle
from story_engine.formats.picture_distance import distance
from story_engine.inference.batches import Batch, as_recorded
from story_engine.inference.progress import RenderProgress
from story_engine.inference.render import Renderer
from story_engine.jobs.work.chosen_device import chosen_device
from story_engine.jobs.work.making_way import MakesWay
from story_engine.jobs.work.render import let_go
from story_engine.scoring.aesthetics import score_pictures
from story_engine.store.begun_replays import BegunReplay
from story_engine.store.disk_share import DiskShare
from story_engine.store.layout import GuestLayout, Layout
from story_engine.store.loras import LoraStore
from story_engine.store.references import ReferenceStore
from story_engine.store.replays import ReplayStore

_LOG = logging.getLogger(__name__)
_MOST_THREADS = 256


def run(
    spec: ReplaySpec,
    *,
    job: int,
    report: Callable[[Progress], None],
    should_stop: Callable[[], bool],
    layout: Layout,
    should_pause: Callable[[], bool] | None = None,
) -> ReplayResult:
    """Paint every picture of the bundle again and measure the distance to its own; keep what came out.

    Raises:
        FixInput: it is no bundle, or not as its checksums say.
        InstallOrDownload, ChooseAnother: the weights that its recipes name are not on this machine.
        Cancelled: `should_stop` said so.
        MadeWay: `should_pause` said so between pictures; those that are finished are not painted again.
    """
    del job
    let_go()  # the networks of ordinary work; this has its own, in a workspace of its own
    threads = torch.get_num_threads()
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="story-studio-replay-") as folder:
            makes_way = MakesWay(should_stop, should_pause, DiskShare(layout, read_config().user_disk_gb).check)
            replay = _Replay(Path(spec.bundle), _fresh(Path(folder), layout), layout, report, makes_way)
            measured = replay.measured()
    finally:
        torch.set_num_threads(threads)
        let_go()
    finished = measured.model_copy(
        update={
            "seconds": round(time.monotonic() - started, 1),
            "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
    )
    ReplayStore(layout).keep(finished)
    return ReplayResult(report=finished)


def _fresh(folder: Path, host: Layout) -> GuestLayout:
    guest = GuestLayout(folder / "workspace", folder / "stories", host)
    for needed in (guest.workspace, folder / "bundle", folder / "again"):
        needed.mkdir()
    return guest


class _Replay:
    """One bundle on its way."""

    def __init__(
        self, path: Path, layout: GuestLayout, home: Layout, report: Callable[[Progress], None], makes_way: MakesWay
    ) -> None:
        self._path, self._layout, self._home = path, layout, home
        self._report, self._makes_way = report, makes_way

    def measured(self) -> ReplayReport:
        """All of it."""
        self._say("checking")
        folder = self._layout.workspace.parent
        bundle = read_bundle(self._path, folder / "bundle")
        takes = [bundle.takes[name] for name in sorted(bundle.takes)]
        wanted = {name: _picture(bundle, name) for name in sorted(bundle.takes)}
        loras = self._borrow_loras(bundle)
        self._borrow_references(bundle)
        recipes = [_with_loras(take.recipe, loras) for take in takes]
        renderer = self._renderer(takes)
        every, planned = self._planned(recipes, takes)
        made_with = renderer.made_with()
        painted = self._painted(renderer, every, planned, BegunReplay(self._home, list(every), made_with))
        scores, scorer = self._scores(bundle, wanted, painted)
        pictures = []
        for position, (name, take) in enumerate(zip(wanted, takes, strict=True)):
            apart = distance(wanted[name], painted[position])
            pictures.append(
                PictureReplay(
                    file=name,
                    scene=take.scene,
                    seed=take.recipe.seed,
                    recipe=take.id,
                    picture_sha256=bundle.sums[name],
                    differing=apart.differing,
                    largest=apart.largest,
                    mean=round(apart.mean, 6),
                    score=scores.get(name, (None, None))[0],
                    score_again=scores.get(name, (None, None))[1],
                    other_conditions=_other_conditions(take, made_with),
                )
            )
        return ReplayReport(
            bundle=bundle.name,
            pictures=tuple(pictures),
            scorer=scorer[0],
            scorer_version=scorer[1],
            made_with=made_with,
            loras={
                part.name: bundle.sums[_lora_file(bundle, part)] for take in takes for part in take.recipe.every_lora
            },
            bases={recipe.family: recipe.weights_hash for recipe in recipes},
            unlisted=bundle.unlisted,
        )

    def _renderer(self, takes: Sequence[Take]) -> Renderer:
        """With as many threads as the pictures were painted with: another number adds in another order."""
        device = chosen_device()
        usual = os.environ.get("STORY_STUDIO_THREADS", "0")
        recorded = takes[0].made_with.get("threads", usual)
        threads = int(recorded) if recorded.isascii() and recorded.isdecimal() else int(usual)
        return Renderer(self._layout, device, threads=min(threads, _MOST_THREADS))

    def _planned(
        self, recipes: Sequence[Recipe], takes: Sequence[Take]
    ) -> tuple[Sequence[Recipe], Sequence[Batch] | None]:
        """As they were painted, where that was on a device of this kind; else as it suits this one."""
        device = chosen_device()
        if any(take.made_with.get("device") != device for take in takes):
            return recipes, None
        return as_recorded(recipes, [take.made_with.get("batch", "") for take in takes])

    def _painted(
        self, renderer: Renderer, every: Sequence[Recipe], planned: Sequence[Batch] | None, begun: BegunReplay
    ) -> list[Image.Image]:
        """All pictures, those of an earlier turn too.

        Raises:
            MadeWay: others go first; what is finished is kept for the next turn.
        """
        pictures = begun.kept()
        left = [position for position in range(len(every)) if position not in pictures]

        def finished(position: int, picture: Image.Image) -> None:
            place = left[position] if planned is None else position
            pictures[place] = picture
            if self._makes_way.should_pause is not None:  # else nobody has it make way
                begun.keep(place, picture)
            self._makes_way.finished()

        paint = partial(renderer.render, on_step=self._stepped, should_stop=self._makes_way, on_picture=finished)
        try:
            if left and planned is None:
                paint([every[position] for position in left])
            elif left and planned is not None:
                paint(every, planned=[each for each in planned if set(each.positions) & set(left)])
        except Cancelled as error:
            if self._makes_way.has_paused:
                raise MadeWay("jobs.made_way") from error
            begun.forget()
            raise
        begun.forget()
        return [pictures[position] for position in range(len(every))]

    def _borrow_loras(self, bundle: ReadBundle) -> dict[str, LoraPart]:
        """The bundle's LoRAs as the fresh workspace's own; by the content that recipes name."""
        wanted = {part.sha256: part for take in bundle.takes.values() for part in take.recipe.every_lora}
        found: dict[str, LoraPart] = {}
        for number, (content, part) in enumerate(wanted.items()):
            source = bundle.files[_lora_file(bundle, part)]
            name = f"lora-{number}"
            entry = self._layout.loras / name
            entry.mkdir(parents=True)
            source.rename(entry / f"adapter{source.suffix}")
            found[content] = LoraPart(name=name, sha256=LoraStore(self._layout).sha256(name), strength=part.strength)
        return found

    def _borrow_references(self, bundle: ReadBundle) -> None:
        """The pictures that its recipes are painted from, as the fresh workspace's own; checked like any other file."""
        store = ReferenceStore(self._layout)
        for name, take in sorted(bundle.takes.items()):
            for wanted in take.recipe.references:
                file = f"{REFERENCES}/{wanted}.png"
                if bundle.sums.get(file) != wanted:
                    raise FixInput("replay.reference_missing", name=name, wanted=file)
                store.keep_file(bundle.files[file].read_bytes())

    def _scores(
        self, bundle: ReadBundle, wanted: dict[str, Image.Image], painted: Sequence[Image.Image]
    ) -> tuple[dict[str, tuple[float, float]], tuple[str, str]]:
        """Of the bundle's pictures and of the new ones, by one scorer; nothing where there is no scorer."""
        self._say("scoring")
        again = self._layout.workspace.parent / "again"
        paths = [again / f"{position:03}.png" for position in range(len(wanted))]
        for path, picture in zip(paths, painted, strict=False):
            picture.save(path)
        device = chosen_device()
        try:
            scores = score_pictures([*(bundle.files[name] for name in wanted), *paths], self._layout, device=device)
        except StudioError as error:
            _LOG.warning("not scored: %s", error)
            return {}, ("", "")
        half = len(wanted)
        pairs = zip(scores[:half], scores[half:], strict=True)
        by_name = {name: (one.value, other.value) for name, (one, other) in zip(wanted, pairs, strict=True)}
        return by_name, (scores[0].scorer, scores[0].scorer_version)

    def _say(self, stage: str) -> None:
        if self._makes_way.should_stop():
            raise Cancelled("jobs.cancelled")
        self._report(Progress(stage=stage))

    def _stepped(self, painted: RenderProgress) -> None:
        self._makes_way.stepped(painted)
        self._report(Progress(stage=painted.stage, step=painted.step, total=painted.total))


def _picture(bundle: ReadBundle, name: str) -> Image.Image:
    """A picture of the bundle, of the size that its recipe says and no other.

    Raises:
        FixInput: it cannot be read, or has another size.
    """
    recipe = bundle.takes[name].recipe
    try:
        with Image.open(bundle.files[name], formats=("PNG",)) as picture:
            if picture.size != (recipe.width, recipe.height):
                wanted, found = f"{recipe.width}x{recipe.height}", f"{picture.width}x{picture.height}"
                raise FixInput("replay.picture_size", name=name, wanted=wanted, found=found)
            return picture.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise FixInput("replay.unreadable", name=name, reason=str(error)[:120]) from error


def _lora_file(bundle: ReadBundle, part: LoraPart) -> str:
    """Which file of the bundle is the LoRA that a recipe names: as `reproduce.json` says, else by its content.

    Raises:
        FixInput: none is.
    """
    said = {each.sha256: each.file for each in bundle.reproduction.loras}
    if said.get(part.sha256, "") in bundle.files:
        return said[part.sha256]
    for name, content in bundle.sums.items():
        if content == part.sha256 and name.startswith("lora/"):
            return name
    raise FixInput("replay.lora_missing", name=part.name, wanted=part.sha256[:12])


def _with_loras(recipe: Recipe, loras: dict[str, LoraPart]) -> Recipe:
    """The recipe with the fresh workspace's names."""
    parts = [loras[part.sha256].model_copy(update={"strength": part.strength}) for part in recipe.loras]
    cast = [part.model_copy(update={"anchor": _with_loras(part.anchor, loras)}) for part in recipe.cast]
    return recipe.model_copy(update={"loras": tuple(parts), "cast": tuple(cast)})


def _other_conditions(take: Take, now: dict[str, str]) -> dict[str, tuple[str, str]]:
    names = (*CONDITIONS, *(name for name in now if name not in CONDITIONS))
    recorded = {name: take.made_with.get(name, NOT_RECORDED) for name in names}
    return {name: (then, now[name]) for name, then in recorded.items() if then != now[name]}
