"""Rendering in the child: recipes to takes, each stored as soon as its picture is there, then scored."""

from __future__ import annotations

import gc
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import torch
from PIL import Image

from story_engine.catalog.families import families
from story_engine.config import read_config
from story_engine.domain.job import Progress
from story_engine.domain.job_result import AppliedLora, Failure, RenderResult
from story_engine.domain.job_spec import RenderItem, RenderSpec, TakeName
from story_engine.domain.recipe import Recipe
from story_engine.domain.take import Take
from story_engine.errors import Cancelled, MadeWay, StudioError
from story_engine.formats.infotext import picture_texts
from story_engine.inference.batches import batch_text
from story_engine.inference.progress import RenderProgress
from story_engine.inference.render import Renderer
from story_engine.jobs.work.chosen_device import chosen_device
from story_engine.jobs.work.contest import Contests, left_to_paint
from story_engine.jobs.work.making_way import MakesWay
from story_engine.jobs.work.score import score_takes
from story_engine.store.atomic import write_bytes
from story_engine.store.disk_share import DiskShare
from story_engine.store.layout import Layout
from story_engine.store.members import serving_layout
from story_engine.store.stopped_takes import StoppedTakeStore
from story_engine.store.takes import TakeStore

_SMOOTHING = 0.3
"""Weight of the newest step in the time per step: steps of one machine differ little, batches of a job more."""
_LOG = logging.getLogger(__name__)


def run(
    spec: RenderSpec,
    *,
    job: int,
    report: Callable[[Progress], None],
    should_stop: Callable[[], bool],
    layout: Layout,
    should_pause: Callable[[], bool] | None = None,
) -> RenderResult:
    """Paint what is missing, and score it if that is asked for.

    Args:
        spec: what to paint.
        job: its id, for the folder of its previews.
        report: called at every step.
        should_stop: asked at every step.
        layout: of the workspace.
        should_pause: asked between the pictures that are painted together, once there are some.

    Raises:
        MadeWay: `should_pause` said so; what is finished is stored and scored.
        Wait: a person's share of the disk is used up in the middle of it; takes that were finished are kept.
        StudioError: a recipe cannot be painted, or a take not be stored; takes that were finished are kept.
    """
    store = TakeStore(layout)
    missing = [item for item in spec.items if store.find(spec.story, item.scene, item.recipe.digest) is None]
    found = len(spec.items) - len(missing)
    if spec.keep:
        missing = left_to_paint(layout, spec.story, missing)
    contests = Contests(layout, spec.story, missing, spec.keep, job)
    painting = _Painting(layout, store, spec.story, missing, report, job, is_sweep=spec.sweep)
    applied: list[AppliedLora] = []
    started = time.monotonic()
    if missing:
        renderer = _renderer(layout)
        painting.made_with, painting.remarks_on = renderer.made_with(), renderer.remarks_on
        painting.contest_of = contests.said.get
        makes_way = MakesWay(should_stop, should_pause, DiskShare(layout, read_config().user_disk_gb).check)

        def stepped(painted: RenderProgress) -> None:
            makes_way.stepped(painted)
            painting.stepped(painted)

        def finished(position: int, picture: Image.Image) -> None:
            painting.finished(position, picture)
            makes_way.finished()

        try:
            renderer.render(
                [item.recipe for item in missing],
                on_step=stepped,
                should_stop=makes_way,
                on_picture=finished,
                contests=contests.held(),
            )
        except Cancelled as error:
            if not makes_way.has_paused:
                raise
            if spec.score:
                with suppress(StudioError):  # they are scored when somebody looks at them, at the latest
                    score_takes(painting.takes, report=report, should_stop=should_stop, layout=layout)
            raise MadeWay("jobs.made_way") from error
        parts = {part.name: part for item in missing for part in item.recipe.loras}
        for name, part in parts.items():
            match = renderer.match_of(part)
            applied.append(AppliedLora(name=name, matched=match.matched, expected=match.expected))
    seconds = time.monotonic() - started
    not_scored = None
    if spec.score and painting.takes:
        try:
            score_takes(painting.takes, report=report, should_stop=should_stop, layout=layout)
        except StudioError as error:
            # The pictures are there, and that is what was asked for; scores can be made later.
            _LOG.warning("not scored: %s", error)
            not_scored = Failure.of(error)
    return RenderResult(
        takes=tuple(TakeName(scene=take.scene, take=take.id) for take in painting.takes),
        found=found,
        seconds=round(seconds, 3),
        loras=tuple(applied),
        not_scored=not_scored,
        remarks=tuple(painting.remarks()),
        stopped=tuple(contests.stopped),
    )


def warm_up(layout: Layout) -> None:
    """Import torch, load the preview model and make one step, so that the first render starts at once."""
    preview = families(layout)["preview"]
    if not preview.weights_hash:
        return
    side = preview.smallest_side
    recipe = Recipe(
        prompt="",
        negative="",
        seed=0,
        sampler=preview.sampler,
        steps=1,
        cfg_scale=preview.cfg_scale,
        width=side,
        height=side,
        noise="cpu",
        family=preview.name,
        weights_hash=preview.weights_hash,
        precision=preview.precision,
    )
    _renderer(layout).render([recipe])


def let_go() -> None:
    """Take the renderer's networks out of memory, for work that needs the device for itself."""
    _kept_renderer.cache_clear()
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


@dataclass(slots=True)
class _Painting:
    """One call of the renderer: turns what it reports into progress and takes."""

    layout: Layout
    store: TakeStore
    story: str
    items: list[RenderItem]
    report: Callable[[Progress], None]
    job: int
    is_sweep: bool = False
    """Its pictures are looked at in their grid, so their previews are not announced for the scene's panel."""
    made_with: dict[str, str] = field(default_factory=dict)
    remarks_on: Callable[[int], dict[str, str]] = lambda _: {}
    """What the renderer says of one picture."""
    contest_of: Callable[[int], str | None] = lambda _: None
    """What became of a picture in its contest."""
    takes: list[Take] = field(default_factory=list)
    previews: dict[str, str] = field(default_factory=dict)
    seconds_per_step: float | None = None
    last: RenderProgress | None = None
    last_at: float = 0.0
    batch_at: float = 0.0
    share_seconds: float = 0.0

    def stepped(self, painted: RenderProgress) -> None:
        now = time.monotonic()
        self._time(painted, now)
        for position, jpeg in painted.previews.items():
            self._show(self.items[position], jpeg)
        left = painted.total - painted.step
        self.report(
            Progress(
                stage=painted.stage,
                step=painted.step,
                total=painted.total,
                seconds_per_step=self.seconds_per_step,
                eta_seconds=None if self.seconds_per_step is None else round(left * self.seconds_per_step, 1),
                scenes=tuple(dict.fromkeys(self.items[position].scene for position in painted.positions)),
                previews=dict(self.previews) or None,
            )
        )
        self.last, self.last_at = painted, now

    def finished(self, position: int, picture: Image.Image) -> None:
        item = self.items[position]
        now = time.monotonic()
        made_with = self.made_with | self._batch(position) | self.remarks_on(position)
        if (place := self.contest_of(position)) is not None:
            made_with["contest"] = place
        take = Take(
            id=item.recipe.digest,
            story=self.story,
            scene=item.scene,
            number=item.number,
            recipe=item.recipe,
            picture_sha256="",
            created_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            seconds=round(self.share_seconds + now - self.last_at, 3),
            written_prompt=item.written_prompt,
            written_negative=item.written_negative,
            parent=item.parent,
            made_with=made_with,
        )
        texts = picture_texts(item.recipe, story=self.story, scene=item.scene, made_with=made_with)
        self.takes.append(self.store.add(take, picture, texts))
        StoppedTakeStore(self.layout).forget(self.story, item.scene, [take.id])
        self.previews.pop(item.scene, None)
        with suppress(OSError):
            self._live(item).unlink(missing_ok=True)

    def remarks(self) -> Iterator[Failure]:
        """What did not go as planned, counted over the takes."""
        for name, code in (("repeated_in", "models.repeated_in"), ("out_of_memory", "models.went_leaner")):
            values = [take.made_with[name] for take in self.takes if name in take.made_with]
            if values:
                precision = self.takes[0].recipe.precision
                yield Failure(code=code, values={"count": len(values), "value": values[0], "precision": precision})

    def _batch(self, position: int) -> dict[str, str]:
        """Its place among the pictures that are painted together: with another one, last bits may be others."""
        together = self.last.positions if self.last else ()
        return {"batch": batch_text(together.index(position), len(together))} if position in together else {}

    def _time(self, painted: RenderProgress, now: float) -> None:
        last = self.last
        if last is None or painted.positions != last.positions:
            self.batch_at = now
            return
        if painted.stage == "decoding" and last.stage == "denoising":
            self.share_seconds = (now - self.batch_at) / max(1, len(painted.positions))
        if painted.stage == last.stage == "denoising" and painted.step == last.step + 1:
            took = now - self.last_at
            before = took if self.seconds_per_step is None else self.seconds_per_step
            self.seconds_per_step = round(before + _SMOOTHING * (took - before), 4)

    def _live(self, item: RenderItem) -> Path:
        """Named by the take: a job may paint one scene many times."""
        return self.layout.live(self.job) / f"{item.recipe.digest}.jpg"

    def _show(self, item: RenderItem, jpeg: bytes) -> None:
        path = self._live(item)
        try:
            write_bytes(path, jpeg, is_durable=False)
        except StudioError as error:
            _LOG.warning("a preview could not be written, painting goes on: %s", error)
            return
        if not self.is_sweep:
            self.previews[item.scene] = path.relative_to(self.layout.workspace).as_posix()


def _renderer(layout: Layout) -> Renderer:
    """Kept between jobs with the networks that it has loaded; in a class one for all, since the models are the same."""
    renderer = _kept_renderer(serving_layout(layout).workspace, layout.models)
    renderer.work_in(layout)
    return renderer


@cache
def _kept_renderer(workspace: Path, models: Path) -> Renderer:
    del models
    layout = Layout(workspace, workspace)  # until it is told where to work
    return Renderer(layout, chosen_device(), threads=int(os.environ.get("STORY_STUDIO_THREADS", "0")))
