"""Sweep: from one scene and two axes to cells that are ordinary takes, and to jobs that paint what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from story_engine.domain.family import Family
from story_engine.domain.job import JobView
from story_engine.domain.job_spec import RenderItem, RenderSpec
from story_engine.domain.recipe import Recipe
from story_engine.domain.resolve import check_names, resolve
from story_engine.domain.story import LARGEST_SEED, Story
from story_engine.domain.sweep import Sweep, painting_order, problems, varied
from story_engine.domain.views import Submitted
from story_engine.errors import ChooseAnother, FixInput, InvalidInput
from story_engine.flows.panels import family_for
from story_engine.flows.render import MOST_TAKES, RenderPlan, as_painted_by
from story_engine.flows.room import SMALLEST_TAKE_BYTES, check_room
from story_engine.flows.services import Services

SWEEP_PRIORITY = -10
"""A whole board, and one panel that a person waits for, go before a comparison."""
MOST_IN_A_JOB = 8
"""Pictures: between two jobs of a sweep other work has its turn; as many as a GPU paints in one call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One picture of the grid."""

    column: int
    row: int
    item: RenderItem
    digest: str
    """Name of its take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPlan:
    """What a sweep comes to. Cells of the same recipe, such as strength 0 and no LoRA, are one picture."""

    sweep: Sweep
    family: Family
    cells: tuple[Cell, ...]
    """In the order in which they are painted."""

    pictures: dict[str, RenderItem]
    """Take id → picture, each once, in painting order."""

    def jobs(self, missing: Sequence[str]) -> list[RenderPlan]:
        """The missing pictures in jobs of at most `MOST_IN_A_JOB`."""
        items = [self.pictures[digest] for digest in missing]
        return [
            RenderPlan(items=tuple(items[start : start + MOST_IN_A_JOB]), found=0)
            for start in range(0, len(items), MOST_IN_A_JOB)
        ]


def plan(
    story: Story, sweep: Sweep, *, family: Family, lora_hashes: Mapping[str, str], device: str = "cpu"
) -> SweepPlan:
    """Every cell's recipe, by the same way on which a render finds it.

    Args:
        story: as its author wrote it.
        sweep: one of its scenes, and the axes.
        family: what paints; where it is not the story's own, it stands in.
        lora_hashes: name → content hash of every LoRA that a cell uses.
        device: as `resolve` has it.

    Raises:
        InvalidInput: all problems of the sweep.
        FixInput: the scene has nothing to paint.
    """
    stand_in = family.name if family.name != story.settings.family else None
    found = problems(sweep, story, stand_in=stand_in)
    if found:
        raise InvalidInput(found)
    scene = story.scene(sweep.scene)
    check_names(story, scene)
    story = _as_family_s_own(story, family)
    cells = []
    for column, row in painting_order(sweep):
        cell = varied(story, sweep, sweep.at(column, row))
        recipe = resolve(cell, cell.scene(sweep.scene), 0, family=family, loras=lora_hashes, device=device)
        if not recipe.prompt.strip():
            raise FixInput("render.empty_prompt", scene=scene.title or scene.id)
        cells.append(Cell(column=column, row=row, item=_item(story, sweep, recipe), digest=recipe.digest))
    pictures: dict[str, RenderItem] = {}
    for each in cells:
        pictures.setdefault(each.digest, each.item)
    return SweepPlan(sweep=sweep, family=family, cells=tuple(cells), pictures=pictures)


def planned(services: Services, slug: str, sweep: Sweep) -> SweepPlan:
    """The plan on this machine.

    Raises:
        ChooseAnother: the story has no such scene, or a LoRA is not in the library.
        StandInNeeded, InstallOrDownload: nothing here paints the story.
        InvalidInput: all problems of the sweep.
    """
    story = services.stories.load(slug)
    known = [scene.id for scene in story.scenes]
    if sweep.scene not in known:
        raise ChooseAnother("render.no_scene", scene=sweep.scene, listed=", ".join(known))
    family = family_for(services, story)
    hashes: dict[str, str] = {}
    if not problems(sweep, story, stand_in=None if family.name == story.settings.family else family.name):
        hashes = _hashes(services, as_painted_by(story, family), sweep)
    return plan(story, sweep, family=family, lora_hashes=hashes, device=services.device)


def paint(services: Services, slug: str, sweep: Sweep) -> Submitted:
    """Submit what is missing, and remember the sweep. What is queued already is not queued again.

    Returns:
        The last of the jobs, since it is the last to end.
    """
    wanted = planned(services, slug, sweep)
    have = {take.id for take in services.takes.takes_of(slug, sweep.scene)}
    queued = {digest for _, digests in jobs_of(services, slug, wanted) for digest in digests}
    missing = [digest for digest in wanted.pictures if digest not in have | queued]
    if missing:
        check_room(services, SMALLEST_TAKE_BYTES * len(missing))
    job = None
    for render in wanted.jobs(missing):
        job = services.ledger.submit(
            render.spec(slug, is_sweep=True),
            key=render.key(slug),
            priority=SWEEP_PRIORITY,
            user=services.user,
            story=slug,
            scenes=render.scenes,
        )
    if job is not None:
        services.start_dispatcher()
    services.sweeps.remember(slug, sweep, is_painted=True)
    return Submitted(job=job, found=len(wanted.pictures) - len(missing), queued=len(missing))


def cancel(services: Services, slug: str, sweep: Sweep) -> int:
    """Ask the jobs that paint cells of this sweep to stop; pictures that are finished stay. How many were asked.

    A board that is being rendered goes on, though it may hold one of the cells.
    """
    own = [job for job, _ in jobs_of(services, slug, planned(services, slug, sweep)) if _is_sweep(services, job)]
    for job in own:
        services.ledger.request_cancel(job.id)
    return len(own)


def jobs_of(services: Services, slug: str, wanted: SweepPlan) -> list[tuple[JobView, tuple[str, ...]]]:
    """The active jobs that paint pictures of this plan, each with those pictures' take ids."""
    found = []
    for job in services.ledger.jobs(story=slug):
        if job.kind != "render" or job.wants_cancel or wanted.sweep.scene not in job.scenes:
            continue
        digests = tuple(digest for digest in _digests(services, job, wanted.sweep.scene) if digest in wanted.pictures)
        if digests:
            found.append((job, digests))
    return found


def _is_sweep(services: Services, job: JobView) -> bool:
    spec = services.ledger.spec(job.id)
    return isinstance(spec, RenderSpec) and spec.sweep


def _digests(services: Services, job: JobView, scene: str) -> list[str]:
    """Of the pictures for this scene: another one with the same words gets the same digests."""
    spec = services.ledger.spec(job.id)
    items = spec.items if isinstance(spec, RenderSpec) else ()
    return [item.recipe.digest for item in items if item.scene == scene]


def _as_family_s_own(story: Story, family: Family) -> Story:
    """The story as if it had been written for `family`: a stand-in's sampler and steps can then differ too.

    With its axes left out this gives the recipes that `resolve` gives for the stand-in.
    """
    if story.settings.family == family.name:
        return story
    return story.without_loras().model_copy(update={"settings": story.settings.for_family(family.name)})


def _item(story: Story, sweep: Sweep, recipe: Recipe) -> RenderItem:
    scene = story.scene(sweep.scene)
    further = (recipe.seed - scene.seed) % (LARGEST_SEED + 1)
    return RenderItem(
        scene=scene.id,
        # A seed that the scene would have come to by counting on is that take of it; any other is a first one.
        number=further if further < MOST_TAKES else 0,
        recipe=recipe,
        written_prompt=scene.prompt,
        written_negative=scene.negative,
    )


def _hashes(services: Services, story: Story, sweep: Sweep) -> dict[str, str]:
    """Content hashes of every LoRA that a cell uses.

    Raises:
        ChooseAnother: one of them is not in the library.
    """
    names = {
        use.name
        for column, row in painting_order(sweep)
        for cell in [varied(story, sweep, sweep.at(column, row))]
        for use in cell.loras_of(cell.scene(sweep.scene))
    }
    return {name: services.loras.sha256(name) for name in sorted(names)}
