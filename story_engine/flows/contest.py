"""Many takes begin, the best are finished: a contest, and what becomes of those that it stopped."""

from __future__ import annotations

from collections.abc import Sequence

from story_engine.domain.contest import StoppedTake
from story_engine.domain.story import Scene
from story_engine.domain.views import Submitted
from story_engine.errors import ChooseAnother, FixInput
from story_engine.flows.panels import family_for, lora_hashes, read_board
from story_engine.flows.queue import asked_for, check_scenes, put
from story_engine.flows.render import REDO_PRIORITY, RENDER_PRIORITY, RenderPlan, as_painted_by, plan_redo
from story_engine.flows.services import Services

USUAL_TAKES = 8
"""That begin, where nobody says more."""


def begin(
    services: Services, slug: str, *, scenes: Sequence[str] | None = None, takes: int = USUAL_TAKES, keep: int = 1
) -> Submitted:
    """Let `takes` new takes of each scene begin, of which the `keep` best are finished; none of them is picked.

    Args:
        services: of the workspace.
        slug: of the story.
        scenes: ids; None: every scene that has a prompt and whose seed is not pinned.
        takes: that begin, of each scene; at least two.
        keep: of each scene; fewer than begin.

    Raises:
        FixInput: the numbers leave nothing to choose from, a scene has nothing to paint, or its seed is pinned.
        StandInNeeded: the story's family is not on this machine and no stand-in has been chosen.
    """
    if not 1 <= keep < takes:
        raise FixInput("contest.numbers", takes=takes, keep=keep)
    story = services.stories.load(slug)
    chosen = [scene.id for scene in story.scenes if _can_begin(scene)] if scenes is None else list(scenes)
    check_scenes(story, chosen)
    for scene in map(story.scene, chosen):
        if scene.pinned:
            raise FixInput("contest.pinned", scene=scene.title or scene.id, seed=scene.seed)
    if not chosen:
        raise ChooseAnother("contest.nothing")
    panels = {panel.scene.id: panel for panel in read_board(services, slug, story).panels}
    family = family_for(services, story)
    hashes = lora_hashes(services, as_painted_by(story, family), scenes=chosen)
    with services.ledger.alone():
        plans = [
            plan_redo(
                story,
                scene,
                takes=takes,
                family=family,
                lora_hashes=hashes,
                existing=services.takes.takes_of(slug, scene),
                chosen=panel.take.id if (panel := panels[scene].chosen) else None,
                queued=asked_for(services, slug, scene),
                device=services.device,
            )
            for scene in chosen
        ]
        plan = RenderPlan(items=tuple(item for each in plans for item in each.items), found=0, keep=keep)
        submitted = put(services, slug, plan, priority=REDO_PRIORITY if len(chosen) == 1 else RENDER_PRIORITY)
    services.start_dispatcher()
    return submitted


def stopped(services: Services, slug: str, scene: str) -> tuple[StoppedTake, ...]:
    """Takes of a scene that a contest has stopped, newest contest first and in it the best first."""
    painted = {take.id for take in services.takes.takes_of(slug, scene)}
    return tuple(each for each in services.stopped_takes.stopped(slug, scene) if each.id not in painted)


def finish(services: Services, slug: str, scene: str, takes: Sequence[str]) -> Submitted:
    """Paint takes that a contest has stopped, each as if it had been asked for alone.

    Raises:
        ChooseAnother: one of them is not remembered any more.
    """
    known = {each.id: each.item for each in stopped(services, slug, scene)}
    missing = [take for take in takes if take not in known]
    if missing:
        raise ChooseAnother("contest.gone")
    plan = RenderPlan(items=tuple(known[take] for take in takes), found=0)
    submitted = put(services, slug, plan, priority=REDO_PRIORITY)
    services.start_dispatcher()
    return submitted


def forget(services: Services, slug: str, scene: str) -> int:
    """Forget what contests have stopped for a scene; how many. Their recipes can be painted again by their seeds."""
    known = [each.id for each in services.stopped_takes.stopped(slug, scene)]
    services.stopped_takes.forget(slug, scene, known)
    return len(known)


def _can_begin(scene: Scene) -> bool:
    return bool(scene.prompt.strip()) and not scene.pinned
