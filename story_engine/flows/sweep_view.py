"""The grid of a sweep as it stands: which cells have their take, which are being painted, which is best."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from story_engine.domain.job import JobView
from story_engine.domain.recipe import Recipe
from story_engine.domain.sweep import AxisValue, Sweep
from story_engine.domain.take import Take
from story_engine.flows.services import Services
from story_engine.flows.sweep import SweepPlan, jobs_of, planned

MISSING, WAITING, PAINTING, DONE = "missing", "waiting", "painting", "done"
_RECENT = 24
"""Takes that the time of the next ones is reckoned from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellView:
    """One cell of the grid."""

    given: dict[str, AxisValue]
    """Axis → value."""
    recipe: Recipe
    state: str
    """"missing", "waiting" (queued), "painting", or "done"."""
    take: Take | None
    picture: Path
    """The take's PNG, the master, once it is there."""
    thumbnail: Path
    """Its JPEG."""
    score: float | None
    """Of the grid's scorer; None while not scored by it."""
    preview: Path | None
    """A small JPEG of how the picture will look, while it is being painted; may be gone when it is read."""
    is_best: bool
    """The highest score of the grid, where at least two pictures have one."""
    is_picked: bool
    """A person chose it for the panel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepView:
    """The whole grid."""

    story: str
    sweep: Sweep
    family: str
    stand_in_for: str | None
    """The family that the story asks for, where another one paints."""
    rows: tuple[tuple[CellView, ...], ...]
    pictures: int
    """Different ones: cells of the same recipe are one picture."""
    missing: int
    """Neither painted nor queued."""
    queued: int
    """Waiting or being painted."""
    unscored: int
    """Painted, without a score of the present scorer."""
    seconds: float | None
    """Reckoned for all that is not painted yet; None before this story has any picture of the family."""
    jobs: tuple[JobView, ...]
    """Active ones that paint cells."""
    scorer: str
    scorer_version: str

    @property
    def done(self) -> int:
        """Pictures that are there."""
        return self.pictures - self.missing - self.queued

    def cell(self, take: str) -> CellView | None:
        """The first cell with this take."""
        return next((cell for row in self.rows for cell in row if cell.recipe.digest == take), None)


def view_of(services: Services, slug: str, sweep: Sweep) -> SweepView:
    """The grid now.

    Raises:
        ChooseAnother, FixInput, StandInNeeded, InstallOrDownload: as `planned`.
    """
    wanted = planned(services, slug, sweep)
    takes = {take.id: take for take in services.takes.takes_of(slug, sweep.scene)}
    scorer = services.present_scorer()
    scores = services.scores.scores(scorer.name, scorer.version)
    active = jobs_of(services, slug, wanted)
    busy = {digest: job for job, digests in active for digest in digests if digest not in takes}
    picked = services.takes.picks(slug).get(sweep.scene)
    there = {digest: take for digest, take in takes.items() if digest in wanted.pictures}
    values = {digest: scores[take.picture_sha256] for digest, take in there.items() if take.picture_sha256 in scores}
    best = max(values, key=values.__getitem__) if len(values) > 1 else None
    views: dict[tuple[int, int], CellView] = {}
    for cell in wanted.cells:
        digest = cell.digest
        picture, thumbnail = services.takes.files_of(slug, sweep.scene, digest)
        preview = services.takes.live_preview(busy[digest].id, digest) if digest in busy else None
        views[cell.row, cell.column] = CellView(
            given=sweep.at(cell.column, cell.row),
            recipe=cell.item.recipe,
            state=_state(digest, takes, busy, preview),
            take=takes.get(digest),
            picture=picture,
            thumbnail=thumbnail,
            score=values.get(digest),
            preview=preview,
            is_best=digest == best,
            is_picked=digest == picked,
        )
    missing = [digest for digest in wanted.pictures if digest not in takes and digest not in busy]
    story = services.stories.load(slug)
    return SweepView(
        story=slug,
        sweep=sweep,
        family=wanted.family.name,
        stand_in_for=story.settings.family if story.settings.family != wanted.family.name else None,
        rows=tuple(tuple(views[row, column] for column in range(sweep.columns)) for row in range(sweep.rows)),
        pictures=len(wanted.pictures),
        missing=len(missing),
        queued=len(wanted.pictures) - len(there) - len(missing),
        unscored=len(there) - len(values),
        seconds=_seconds(services, slug, wanted, known=there),
        jobs=tuple(job for job, _ in active),
        scorer=scorer.name,
        scorer_version=scorer.version,
    )


def _state(digest: str, takes: dict[str, Take], busy: dict[str, JobView], preview: Path | None) -> str:
    if digest in takes:
        return DONE
    if digest not in busy:
        return MISSING
    return PAINTING if preview is not None else WAITING


def _seconds(services: Services, slug: str, wanted: SweepPlan, *, known: Mapping[str, Take]) -> float | None:
    """What is not there yet, at the pace of this story's last pictures of the same model: steps times pixels."""
    paces = [
        take.seconds / _work(take.recipe)
        for takes in services.takes.takes(slug).values()
        for take in takes
        if take.recipe.family == wanted.family.name and take.recipe.weights_hash == wanted.family.weights_hash
    ]
    left = sum(_work(item.recipe) for digest, item in wanted.pictures.items() if digest not in known)
    if not left:
        return 0.0
    return statistics.median(paces[-_RECENT:]) * left if paces else None


def _work(recipe: Recipe) -> int:
    return recipe.steps * recipe.width * recipe.height
