"""Render: from a story to a job that paints what is missing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from story_engine.domain.family import Family
from story_engine.domain.job_spec import RenderItem, RenderSpec
from story_engine.domain.recipe import Recipe
from story_engine.domain.resolve import check_names, resolve, same_but_seed
from story_engine.domain.story import LARGEST_SEED, Scene, Story, without_looks
from story_engine.domain.take import Take
from story_engine.domain.validation import checked
from story_engine.errors import ChooseAnother, FixInput, InstallOrDownload, StandInNeeded

REDO_PRIORITY = 10
"""One panel that a person waits for goes before a whole board."""
RENDER_PRIORITY = 0
STAND_IN = "preview"
"""The family that comes with the Studio."""
MOST_TAKES = 64
"""Of one request and scene: more is a slip of the finger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderPlan:
    """What a render request comes to."""

    items: tuple[RenderItem, ...]
    found: int
    """Pictures asked for that exist already."""
    keep: int = 0
    """Of a contest: how many of each scene are finished."""

    def spec(self, story: str, *, is_sweep: bool = False) -> RenderSpec:
        """What the job is asked to do."""
        return RenderSpec(story=story, items=self.items, sweep=is_sweep, keep=self.keep)

    def key(self, story: str) -> str:
        """The same pictures of the same story make the same job, however often they are asked for."""
        named = [story, *sorted(f"{item.scene}/{item.recipe.digest}" for item in self.items)]
        named += [f"keep {self.keep}"] if self.keep else []
        return "render-" + hashlib.sha256(json.dumps(named).encode()).hexdigest()[:32]

    @property
    def scenes(self) -> tuple[str, ...]:
        """Ids of the scenes that get pictures, in order."""
        return tuple(dict.fromkeys(item.scene for item in self.items))


def painting_family(story: Story, families: Mapping[str, Family], ready: Mapping[str, bool]) -> Family:
    """The family that will paint the story here: its own, or the stand-in that the author has chosen.

    Raises:
        ChooseAnother: the story names a family that does not exist.
        StandInNeeded: the family's weights are not here and no stand-in has been chosen.
        InstallOrDownload: the chosen stand-in is not here either, or the family is the one that stands in for others.
    """
    wanted = story.settings.family
    if wanted not in families:
        raise ChooseAnother("render.unknown_family", name=wanted, listed=", ".join(families))
    if ready[wanted]:
        return families[wanted]
    stand_in = story.settings.stand_in
    if stand_in is None or stand_in not in families:
        if wanted == STAND_IN:
            raise InstallOrDownload("render.family_missing", family=wanted)
        raise StandInNeeded(family=wanted, stand_in=STAND_IN)
    if not ready[stand_in]:
        raise InstallOrDownload("render.family_missing", family=stand_in)
    return families[stand_in]


def as_painted_by(story: Story, family: Family) -> Story:
    """The story as this family can paint it: a stand-in uses no LoRA, since those were trained on another model."""
    if family.name == story.settings.family:
        return story
    return without_looks(story.without_loras())


def plan_render(
    story: Story,
    scenes: Sequence[str],
    *,
    takes: int,
    family: Family,
    lora_hashes: Mapping[str, str],
    existing: Mapping[str, Sequence[Take]],
    device: str = "cpu",
) -> RenderPlan:
    """Make sure that takes 0 … takes-1 of each scene exist. A pinned scene has its pinned seed only.

    Raises:
        FixInput: `takes` is out of range, or a scene has nothing to paint.
    """
    _check_takes(takes)
    story = as_painted_by(story, family)
    items: list[RenderItem] = []
    found = 0
    for scene_id in scenes:
        scene = story.scene(scene_id)
        have = {take.id for take in existing.get(scene_id, ())}
        for number in range(1 if scene.pinned else takes):
            recipe = _recipe(story, scene, number, family, lora_hashes, device)
            if recipe.digest in have:
                found += 1
            else:
                items.append(_item(scene, number, recipe))
    return RenderPlan(items=tuple(items), found=found)


def plan_controls(
    story: Story,
    scenes: Sequence[str],
    *,
    takes: int,
    family: Family,
    existing: Mapping[str, Sequence[Take]],
    shown: Mapping[str, Take],
    device: str = "cpu",
) -> RenderPlan:
    """The same scenes and seeds without any LoRA: ordinary takes to hold the others against.

    Args:
        story: what the author wrote.
        scenes: ids.
        takes: of each scene; where one is asked for, it has the seed of the take that is shown.
        family: what paints.
        existing: scene id → takes.
        shown: scene id → the take on the board, where it was painted from the scene as it is written now.
        device: as `resolve` has it.

    Raises:
        FixInput: `takes` is out of range, or a scene has nothing to paint.
    """
    _check_takes(takes)
    bare = story.without_loras()
    items: list[RenderItem] = []
    found = 0
    for scene_id in scenes:
        scene = bare.scene(scene_id)
        have = {take.id for take in existing.get(scene_id, ())}
        numbers = range(1 if scene.pinned else takes)
        if takes == 1 and scene_id in shown:
            like = shown[scene_id]
            scene = scene.model_copy(update={"seed": (like.recipe.seed - like.number) % (LARGEST_SEED + 1)})
            numbers = range(like.number, like.number + 1)
        for number in numbers:
            recipe = _recipe(bare, scene, number, family, {}, device)
            if recipe.digest in have:
                found += 1
            else:
                items.append(_item(scene, number, recipe))
    return RenderPlan(items=tuple(items), found=found)


def plan_redo(
    story: Story,
    scene_id: str,
    *,
    takes: int,
    family: Family,
    lora_hashes: Mapping[str, str],
    existing: Sequence[Take],
    chosen: str | None,
    queued: Sequence[Recipe] = (),
    device: str = "cpu",
) -> RenderPlan:
    """`takes` more takes of one scene: its own seed first if that was never painted, then counting on.

    Args:
        story: what the author wrote.
        scene_id: of the scene.
        takes: how many more.
        family: what paints.
        lora_hashes: name → content hash of the LoRAs that the scene uses.
        existing: its takes.
        chosen: the take that they are meant to better.
        queued: what is asked for already and not painted yet: it counts like a take.
        device: as `resolve` has it.

    Raises:
        FixInput: `takes` is out of range, the scene has nothing to paint, or its seed is pinned and painted already.
    """
    _check_takes(takes)
    story = as_painted_by(story, family)
    scene = story.scene(scene_id)
    first = _recipe(story, scene, 0, family, lora_hashes, device)
    seeds = {take.recipe.seed for take in existing if same_but_seed(take.recipe, first)}
    if scene.pinned:
        if scene.seed in seeds:
            raise FixInput("render.pinned", scene=scene.title or scene_id, seed=scene.seed)
        return RenderPlan(items=(_item(scene, 0, first, parent=chosen),), found=0)
    seeds |= {recipe.seed for recipe in queued if same_but_seed(recipe, first)}
    items: list[RenderItem] = []
    number = 0
    while len(items) < takes:
        recipe = _recipe(story, scene, number, family, lora_hashes, device)
        if recipe.seed not in seeds:
            items.append(_item(scene, number, recipe, parent=chosen))
        number += 1
    return RenderPlan(items=tuple(items), found=0)


def _item(scene: Scene, number: int, recipe: Recipe, parent: str | None = None) -> RenderItem:
    return RenderItem(
        scene=scene.id,
        number=number,
        recipe=recipe,
        written_prompt=scene.prompt,
        written_negative=scene.negative,
        parent=parent,
    )


def _recipe(
    story: Story, scene: Scene, number: int, family: Family, lora_hashes: Mapping[str, str], device: str
) -> Recipe:
    check_names(story, scene)
    recipe = resolve(story, scene, number, family=family, loras=lora_hashes, device=device)
    if not recipe.prompt.strip():
        raise FixInput("render.empty_prompt", scene=scene.title or scene.id)
    return recipe


def _check_takes(takes: int) -> None:
    if not 1 <= takes <= MOST_TAKES:
        raise FixInput("render.takes", takes=takes, most=MOST_TAKES)


def with_settings(story: Story, overrides: Mapping[str, object]) -> Story:
    """The story with other settings for one request. Another family blanks what was meant for the first one.

    Raises:
        InvalidInput: a value cannot be accepted.
    """
    settings = story.settings
    if overrides.get("family", settings.family) != settings.family:
        settings = settings.for_family(str(overrides["family"]))
    changed = settings.model_copy(update=dict(overrides))
    return checked(story.model_copy(update={"settings": changed}), file="settings")
