"""The plan of a bundle: everything that its parts are written from, gathered once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from story_engine.domain.board import Board, OpenStory, TakeView
from story_engine.domain.bundle import bundle_name
from story_engine.domain.hand_in import HandIn
from story_engine.domain.views import CheckItem
from story_engine.flows.bundle_loras import BundleLora, Painted, loras_of
from story_engine.flows.services import Services
from story_engine.formats.prompt_table import PromptRow


@dataclass(frozen=True, slots=True, kw_only=True)
class BundlePicture:
    """One picture of the bundle: its name in the zip, its file, its row of the prompts table."""

    name: str
    picture: Path
    view: TakeView
    row: PromptRow


@dataclass(frozen=True, slots=True, kw_only=True)
class BundlePlan:
    """What a bundle is made from, as it was at one moment. Each part of the bundle is a function of it."""

    opened: OpenStory
    pictures: tuple[BundlePicture, ...]
    threshold: float
    name: str
    """Of the folder in the zip."""
    details: HandIn
    """What was typed."""
    loras: tuple[BundleLora, ...]
    """Those of the pictures first, then those that the story names and no picture was painted with."""
    items: tuple[CheckItem, ...] = ()
    """The checklist; empty while it is being written."""

    def checked(self, items: tuple[CheckItem, ...]) -> BundlePlan:
        """The plan with its checklist."""
        return replace(self, items=items)


def plan_of(services: Services, opened: OpenStory, *, threshold: float) -> BundlePlan:
    """The plan of a story as it was opened.

    Raises:
        FixInput: what was typed for it is damaged.
    """
    pictures = plan_bundle(opened.board)
    details = services.hand_ins.load(opened.slug)
    painted = [Painted(picture=each.name, loras=each.view.take.recipe.every_lora) for each in pictures]
    return BundlePlan(
        opened=opened,
        pictures=pictures,
        threshold=threshold,
        name=bundle_name(details.team, details.work or opened.story.title or opened.slug),
        details=details,
        loras=loras_of(services, painted, opened.story, details),
    )


def plan_bundle(board: Board) -> tuple[BundlePicture, ...]:
    """The pictures in reading order as `images/01.png` …; panels without a picture are left out."""
    planned = []
    chosen = [(panel.scene, panel.chosen) for panel in board.panels if panel.chosen is not None]
    for index, (scene, view) in enumerate(chosen, start=1):
        recipe = view.take.recipe
        row = PromptRow(
            file=f"{index:02d}.png",
            title=scene.title,
            caption=scene.caption,
            prompt=recipe.prompt,
            negative=recipe.negative,
            seed=recipe.seed,
            steps=recipe.steps,
            cfg_scale=recipe.cfg_scale,
            noise_levels="" if recipe.guidance.is_constant else str(recipe.guidance),
            sampler=recipe.sampler,
            size=f"{recipe.width}x{recipe.height}",
            family=recipe.family,
            loras=", ".join(f"{part.name} ({part.strength:g})" for part in recipe.loras),
            score=view.score,
        )
        planned.append(BundlePicture(name=f"images/{row.file}", picture=view.picture, view=view, row=row))
    return tuple(planned)
