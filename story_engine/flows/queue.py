"""Put work into the ledger: render, redo, rescore, retry; and see and change what waits there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from story_engine.domain.board import Board
from story_engine.domain.job import ClusterNotice, Direction, JobView, Queue, Retention, StartTrouble
from story_engine.domain.job_spec import RenderSpec, ScoreTakesSpec, TakeName
from story_engine.domain.panel_work import PanelWork, panel_work
from story_engine.domain.recipe import Recipe
from story_engine.domain.story import Story
from story_engine.domain.take import Take
from story_engine.domain.views import Submitted
from story_engine.errors import ChooseAnother
from story_engine.flows.members import check_share
from story_engine.flows.panels import family_for, lora_hashes, read_board
from story_engine.flows.render import (
    REDO_PRIORITY,
    RENDER_PRIORITY,
    RenderPlan,
    as_painted_by,
    plan_controls,
    plan_redo,
    plan_render,
    with_settings,
)
from story_engine.flows.room import SMALLEST_TAKE_BYTES, check_room
from story_engine.flows.services import Services

SCORE_PRIORITY = 5
MOST_STOPPED = 5
"""Jobs that came to nothing in an overview; older ones are in the list of the command line."""


def render(
    services: Services,
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
    written = services.stories.load(slug)
    story = with_settings(written, overrides) if overrides else written
    wanted = [scene.id for scene in story.scenes] if scenes is None else list(scenes)
    check_scenes(story, wanted)
    if scenes is None:
        # A scene that is still blank does not keep the others from being painted; one asked for by name is refused.
        wanted = [scene.id for scene in story.scenes if scene.prompt.strip()] or wanted
    family = family_for(services, story)
    existing = services.takes.takes(slug)
    if without_loras:
        shown = _shown(read_board(services, slug, written))
        plan = plan_controls(
            story, wanted, takes=takes, family=family, existing=existing, shown=shown, device=services.device
        )
        return _submit(services, slug, plan, priority=RENDER_PRIORITY)
    plan = plan_render(
        story,
        wanted,
        takes=takes,
        family=family,
        lora_hashes=lora_hashes(services, as_painted_by(story, family), scenes=wanted),
        existing=existing,
        device=services.device,
    )
    return _submit(services, slug, plan, priority=RENDER_PRIORITY)


def redo(services: Services, slug: str, scene: str, *, takes: int = 1) -> Submitted:
    """Submit more takes of one scene, ahead of whole boards. Asked for twice, it is twice as many."""
    story = services.stories.load(slug)
    check_scenes(story, [scene])
    panel = next(panel for panel in read_board(services, slug, story).panels if panel.scene.id == scene)
    family = family_for(services, story)
    hashes = lora_hashes(services, as_painted_by(story, family), scenes=[scene])
    # Two clicks, tabs or processes that ask at once must see each other's pictures, or both would ask for the same.
    with services.ledger.alone():
        plan = plan_redo(
            story,
            scene,
            takes=takes,
            family=family,
            lora_hashes=hashes,
            existing=services.takes.takes_of(slug, scene),
            chosen=panel.chosen.take.id if panel.chosen else None,
            queued=asked_for(services, slug, scene),
            device=services.device,
        )
        submitted = put(services, slug, plan, priority=REDO_PRIORITY)
    services.start_dispatcher()
    return submitted


def rescore(services: Services, slug: str, *, scene: str | None = None) -> Submitted:
    """Submit the scoring of all takes that the present scorer has not scored."""
    story = services.stories.load(slug)
    if scene is not None:
        check_scenes(story, [scene])
    scorer = services.present_scorer()
    known = services.scores.scores(scorer.name, scorer.version)
    takes = [take for each, group in services.takes.takes(slug).items() if scene in (None, each) for take in group]
    missing = [take for take in takes if take.picture_sha256 not in known]
    found = len(takes) - len(missing)
    if not missing:
        return Submitted(job=None, found=found, queued=0)
    pictures = sorted((take.scene, take.id) for take in missing)
    digest = hashlib.sha256(repr((slug, scorer.version, pictures)).encode()).hexdigest()[:32]
    job = services.ledger.submit(
        ScoreTakesSpec(story=slug, takes=tuple(TakeName(scene=scene_id, take=take) for scene_id, take in pictures)),
        key=f"score-{digest}",
        priority=SCORE_PRIORITY,
        user=services.user,
        story=slug,
        scenes=tuple(dict.fromkeys(scene_id for scene_id, _ in pictures)),
    )
    services.start_dispatcher()
    return Submitted(job=job, found=found, queued=len(missing))


def retry(services: Services, job: int) -> int:
    """Queue a job again that failed, was cancelled or is held.

    Raises:
        Wait: the share of this person of a class is used up, or as many jobs wait as may.
    """
    check_share(services, 0)
    again = services.ledger.retry(job)
    services.start_dispatcher()
    return again


def move(services: Services, job: int, to: Direction) -> None:
    """Change the turn of a job that waits, among those of the same person; it survives whatever happens afterwards."""
    services.ledger.move(job, to)
    services.start_dispatcher()


def overview(services: Services) -> Queue:
    """What runs, what waits and in which order, and what came to nothing of late and can be tried again."""
    running = tuple(job for job in jobs(services) if job.state == "running")
    since = (datetime.now(UTC) - timedelta(days=1)).isoformat(timespec="seconds")
    waiting = services.ledger.turns()
    return Queue(
        running=running,
        waiting=waiting,
        others=services.others_before() if waiting else None,
        stopped=services.ledger.stopped(since=since, most=MOST_STOPPED),
    )


def keep_served(services: Services, jobs: Sequence[JobView]) -> None:
    """Start a dispatcher where active jobs have none: it may have been killed."""
    if any(job.is_active for job in jobs):
        services.start_dispatcher()


def _shown(board: Board) -> dict[str, Take]:
    """Scene id → the take on its panel, where that was painted from the scene as it is written now."""
    views = {panel.scene.id: panel.chosen for panel in board.panels}
    return {scene: view.take for scene, view in views.items() if view and (view.is_current or view.is_control)}


def asked_for(services: Services, slug: str, scene: str) -> list[Recipe]:
    """What more takes of the scene are to differ from: what jobs will paint for it, and what a contest has stopped."""
    specs = [services.ledger.spec(job.id) for job in services.ledger.jobs(story=slug) if not job.wants_cancel]
    items = [item for spec in specs if isinstance(spec, RenderSpec) for item in spec.items]
    seen = services.stopped_takes.stopped(slug, scene)
    return [item.recipe for item in items if item.scene == scene] + [each.item.recipe for each in seen]


def _submit(services: Services, slug: str, plan: RenderPlan, *, priority: int) -> Submitted:
    submitted = put(services, slug, plan, priority=priority)
    if submitted.job is not None:
        services.start_dispatcher()
    return submitted


def put(services: Services, slug: str, plan: RenderPlan, *, priority: int) -> Submitted:
    """One job for what is planned, if anything is; nobody is woken for it yet."""
    if not plan.items:
        return Submitted(job=None, found=plan.found, queued=0)
    check_room(services, SMALLEST_TAKE_BYTES * len(plan.items))
    job = services.ledger.submit(
        plan.spec(slug), key=plan.key(slug), priority=priority, user=services.user, story=slug, scenes=plan.scenes
    )
    return Submitted(job=job, found=plan.found, queued=len(plan.items))


def check_scenes(story: Story, wanted: Sequence[str]) -> None:
    """Raise `ChooseAnother` for a scene that the story does not have (any more)."""
    known = [scene.id for scene in story.scenes]
    for scene in wanted:
        if scene not in known:
            raise ChooseAnother("render.no_scene", scene=scene, listed=", ".join(known))


def start_trouble(services: Services) -> StartTrouble | None:
    """Why nobody does the jobs that wait; None while a dispatcher serves, or was not tried in vain."""
    return services.start_trouble() if services.dispatcher_state() == "stopped" else None


def cluster_notice(services: Services) -> ClusterNotice | None:
    """What is wrong with the machines that do the jobs; None where all is well, or this machine does them."""
    return services.cluster_notice() if services.dispatcher_state() == "running" else None


def jobs(services: Services, *, story: str | None = None, active: bool = True) -> tuple[JobView, ...]:
    """Jobs, oldest first; finished ones too with `active=False` (the last fifty)."""
    found = services.ledger.jobs(story=story, active=active)
    keep_served(services, found)
    return found


def work_on_panels(services: Services, slug: str, active: Sequence[JobView]) -> dict[str, PanelWork]:
    """Scene id → what the `active` jobs of a story are going to do for it."""
    specs = [(job, services.ledger.spec(job.id)) for job in active if job.kind == "render" and not job.wants_cancel]
    scenes = {scene for job, _ in specs for scene in job.scenes}
    return panel_work(
        [(job, spec) for job, spec in specs if isinstance(spec, RenderSpec)],
        {scene: {take.id for take in services.takes.takes_of(slug, scene)} for scene in scenes},
    )


def job(services: Services, number: int) -> JobView:
    """One job."""
    found = services.ledger.job(number)
    keep_served(services, [found])
    return found


def prune_jobs(services: Services, *, keep: int | None = None, days: int | None = None) -> int:
    """Forget finished jobs; how many. What waits, runs or is still shown stays, and so do all takes and LoRAs.

    Args:
        services: of the workspace.
        keep: at most so many of them stay; where this is None, as many as is configured or set.
        days: how old they may be; likewise.
    """
    usual = services.retention()
    return services.ledger.prune(
        Retention(jobs=usual.jobs if keep is None else keep, days=usual.days if days is None else days)
    )
