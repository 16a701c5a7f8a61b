"""A contest in the child: imagined pictures are judged, and whatever is stopped is remembered with its reason."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import torch
from PIL import Image

from story_engine.domain.contest import Measures, Round, StoppedTake, decide, rounds
from story_engine.domain.job_result import StoppedName
from story_engine.domain.job_spec import RenderItem
from story_engine.domain.recipe import Recipe
from story_engine.errors import StudioError
from story_engine.inference.contest import Contest, Imagined
from story_engine.inference.runtime import PromptJudge, open_runtime
from story_engine.jobs.work.chosen_device import chosen_device
from story_engine.scoring.aesthetics import scorer_for
from story_engine.store.layout import Layout
from story_engine.store.references import ReferenceStore
from story_engine.store.stopped_takes import StoppedTakeStore
from story_engine.store.takes import TakeStore

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Contests:
    """The contests of one job: one for each scene that has more pictures to paint than are to be finished."""

    layout: Layout
    story: str
    items: Sequence[RenderItem]
    """That are painted, in the order of the renderer's call."""
    keep: int
    job: int
    stopped: list[StoppedName] = field(default_factory=list)
    said: dict[int, str] = field(default_factory=dict)
    """Position of a picture that goes on → what its take records of the contest."""

    def held(self) -> list[Contest]:
        """For the renderer."""
        scenes: dict[str, list[int]] = {}
        for position, item in enumerate(self.items):
            scenes.setdefault(item.scene, []).append(position)
        return [self._contest(positions) for positions in scenes.values() if len(positions) > self.keep > 0]

    def _contest(self, positions: Sequence[int]) -> Contest:
        takes, recipe = len(positions), self.items[positions[0]].recipe
        held = rounds(
            takes,
            keep=self.keep,
            is_read=self._judge(recipe) is not None,
            steps=recipe.steps,
            skipped=recipe.skipped_steps,
        )
        return Contest(positions=tuple(positions), rounds=held, judge=partial(self._judged, takes))

    def _judged(self, takes: int, imagined: Sequence[Imagined], now: Round) -> list[int]:
        """Who goes on from a round. Nothing is picked by this: a survivor is a take as any other."""
        recipe = self.items[imagined[0].position].recipe
        seen, judge = self._seen([each.picture for each in imagined], recipe), self._judge(recipe)
        if judge is not None:
            read = judge.adherence(torch.stack([each.latents for each in imagined]), recipe.prompt)
            both = zip(seen, read, strict=True)
            seen = [measures.model_copy(update={"adherence": adherence}) for measures, adherence in both]
        positions = {str(self.items[each.position].recipe.seed): each.position for each in imagined}
        measured = dict(zip(positions, seen, strict=True))
        pictures = {each.position: each.picture for each in imagined}
        verdict, store = decide(measured, keep=now.keep), StoppedTakeStore(self.layout)
        for place, seed in enumerate(verdict.order, start=1):
            item = self.items[positions[seed]]
            if seed not in verdict.reasons:
                self.said[positions[seed]] = f"{place} of {takes} after {now.step} steps"
                continue
            stopped = StoppedTake(
                item=item,
                steps=now.step,
                measures=measured[seed],
                reason=verdict.reasons[seed],
                place=place,
                job=self.job,
                created_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            )
            store.add(self.story, stopped, pictures[positions[seed]])
            self.stopped.append(StoppedName(scene=item.scene, take=stopped.id, reason=stopped.reason))
        return [positions[seed] for seed in verdict.order if seed not in verdict.reasons]

    def _judge(self, recipe: Recipe) -> PromptJudge | None:
        """Of its family; None where nobody can tell how much of this prompt a picture shows, and others decide."""
        try:
            judge = open_runtime(self.layout, recipe.family).prompt_judge()
        except StudioError as error:
            _LOG.warning("imagined pictures cannot be read: %s", error)
            return None
        return judge if judge is not None and judge.reads(recipe.prompt) else None

    def _seen(self, pictures: Sequence[Image.Image], recipe: Recipe) -> list[Measures]:
        """By the present scorer; where it cannot be used nothing is known, and who began first goes on."""
        try:
            anchors = self._anchors(recipe)
            scores, rows = scorer_for(self.layout, device=chosen_device()).rate([*pictures, *anchors])
        except StudioError as error:
            _LOG.warning("imagined pictures cannot be judged: %s", error)
            return [Measures()] * len(pictures)
        count = len(pictures)
        alike = rows[:count] @ rows.T
        return [
            Measures(
                agreement=(float(row[:count].sum()) - 1) / max(1, count - 1),
                score=score,
                anchor=float(row[count:].mean()) if anchors else None,
            )
            for row, score in zip(alike, scores[:count], strict=True)
        ]

    def _anchors(self, recipe: Recipe) -> list[Image.Image]:
        """The pictures that the recipe's cast looks like; none where one of them is not painted yet.

        Raises:
            StudioError: a picture from outside is not there any more.
        """
        if not recipe.cast:
            return []
        store, found = TakeStore(self.layout), []
        takes = {take.id: take for some in store.takes(self.story).values() for take in some}
        for anchor in (part.anchor for part in recipe.cast):
            if anchor.start is not None and not anchor.start.strength:  # a picture from outside
                found.append(ReferenceStore(self.layout).picture(anchor.start.reference))
            elif anchor.digest in takes:
                with Image.open(store.picture(takes[anchor.digest])) as picture:
                    found.append(picture.convert("RGB"))
            else:
                return []
        return found


def left_to_paint(layout: Layout, story: str, missing: Sequence[RenderItem]) -> list[RenderItem]:
    """Without what a contest has stopped: a job that was interrupted goes on with the others."""
    store = StoppedTakeStore(layout)
    scenes = dict.fromkeys(item.scene for item in missing)
    stopped = {each.id for scene in scenes for each in store.stopped(story, scene)}
    return [item for item in missing if item.recipe.digest not in stopped]
