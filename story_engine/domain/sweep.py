"""A sweep: one scene painted over the values of one or two axes. What an axis may be, and what a cell then is. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import model_validator

from story_engine.domain.family import LARGEST_CFG_SCALE, MOST_STEPS, SAMPLERS
from story_engine.domain.guidance import BY_NOISE, CONSTANT
from story_engine.domain.story import LARGEST_SEED, LARGEST_STRENGTH, LoraUse, Story
from story_engine.domain.value import Value
from story_engine.errors import Problem

AXES = ("strength", "seed", "lora", "checkpoint", "sampler", "steps", "cfg_scale", "guidance")
"""What can stand along an axis, in the order in which it is offered."""
LORA_AXES = frozenset({"strength", "lora", "checkpoint"})
"""Axes that need a LoRA: a stand-in uses none."""
WHOLE_NUMBERS = frozenset({"seed", "steps", "checkpoint"})
NAMES = frozenset({"lora", "sampler", "guidance"})
CHOICES = {"sampler": SAMPLERS, "guidance": (CONSTANT, BY_NOISE)}
"""Names that are always the same."""
UNKNOWN_NAMES = {
    "lora": "sweep.unknown_lora",
    "sampler": "sweep.unknown_sampler",
    "guidance": "sweep.unknown_guidance",
}
"""What is said of a name that there is not."""
LIMITS: dict[str, tuple[float, float]] = {
    "seed": (0, LARGEST_SEED),
    "strength": (-LARGEST_STRENGTH, LARGEST_STRENGTH),
    "steps": (1, MOST_STEPS),
    "cfg_scale": (0, LARGEST_CFG_SCALE),
    "checkpoint": (0, 10_000_000),
}
"""Smallest and largest value of the axes that are numbers."""
MOST_CELLS = 64
"""Of one grid: more is no longer looked at, and hours of painting on a small machine."""
WITHOUT = ""
"""On a LoRA axis: no LoRA at all, the control."""
BEFORE_TRAINING = 0
"""On a checkpoint axis: no LoRA at all, as the training began."""
_COST = {"checkpoint": 3, "lora": 3, "strength": 2, "sampler": 1, "steps": 1, "guidance": 1, "seed": 0, "cfg_scale": 0}
"""What a change of value costs: another LoRA is read from disk, another strength, sampler or guidance ends a batch."""

AxisValue = str | int | float


class Axis(Value):
    """What differs along one side of the grid."""

    kind: str
    """One of AXES."""
    values: tuple[AxisValue, ...]
    """Seeds, steps and checkpoints are whole numbers, strengths and cfg_scale numbers, the others names."""

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        if self.kind not in AXES or not self.values:
            raise ValueError("not an axis")
        return self


class Sweep(Value):
    """One scene over one or two axes."""

    scene: str
    """Scene id."""
    x: Axis
    """Along the columns."""
    y: Axis | None = None
    """Along the rows; without it the grid is one row."""
    lora: str = ""
    """The LoRA that strengths are of, where no axis says it; blank is the first that the scene uses."""
    run: str = ""
    """The training that checkpoints are of."""

    @property
    def axes(self) -> tuple[Axis, ...]:
        """One or two."""
        return (self.x,) if self.y is None else (self.x, self.y)

    @property
    def columns(self) -> int:
        """Cells beside each other."""
        return len(self.x.values)

    @property
    def rows(self) -> int:
        """Cells below each other."""
        return 1 if self.y is None else len(self.y.values)

    def kinds(self) -> frozenset[str]:
        """What differs between cells."""
        return frozenset(axis.kind for axis in self.axes)

    def at(self, column: int, row: int) -> dict[str, AxisValue]:
        """The values of one cell by axis."""
        given = {self.x.kind: self.x.values[column]}
        if self.y is not None:
            given[self.y.kind] = self.y.values[row]
        return given


def problems(sweep: Sweep, story: Story, *, stand_in: str | None) -> tuple[Problem, ...]:
    """Everything that keeps the sweep from being painted, at once.

    Args:
        sweep: what is asked for; its scene is one of the story's.
        story: what the author wrote.
        stand_in: the family that paints in place of the story's own, None where the story's own paints.
    """
    found: list[Problem] = []
    kinds = sweep.kinds()
    if sweep.y is not None and sweep.x.kind == sweep.y.kind:
        found.append(Problem("sweep.same_axis", sweep.y.kind))
    if {"lora", "checkpoint"} <= kinds:
        found.append(Problem("sweep.lora_and_checkpoint", "checkpoint"))
    count = sweep.columns * sweep.rows
    if count > MOST_CELLS:
        values: dict[str, object] = {"columns": sweep.columns, "rows": sweep.rows, "count": count, "most": MOST_CELLS}
        found.append(Problem("sweep.too_many_cells", sweep.x.kind, values))
    if kinds & LORA_AXES and stand_in is not None:
        names: dict[str, object] = {"family": story.settings.family, "stand_in": stand_in}
        found.append(Problem("sweep.stand_in", next(each for each in AXES if each in kinds & LORA_AXES), names))
    elif "strength" in kinds and not kinds & {"lora", "checkpoint"} and not lora_of_strength(sweep, story):
        scene = story.scene(sweep.scene)
        found.append(Problem("sweep.no_lora", "strength", {"scene": scene.title or scene.id}))
    if "checkpoint" in kinds and not sweep.run:
        found.append(Problem("sweep.no_run", "checkpoint"))
    found += [
        Problem(UNKNOWN_NAMES[axis.kind], axis.kind, {"name": value, "known": ", ".join(CHOICES[axis.kind])})
        for axis in sweep.axes
        if axis.kind in CHOICES
        for value in axis.values
        if value not in CHOICES[axis.kind]
    ]
    return tuple(found)


def lora_of_strength(sweep: Sweep, story: Story) -> str:
    """Name of the LoRA whose strength differs; blank where the scene uses none."""
    if sweep.lora:
        return sweep.lora
    used = story.loras_of(story.scene(sweep.scene))
    return used[0].name if used else ""


def varied(story: Story, sweep: Sweep, given: Mapping[str, AxisValue]) -> Story:
    """The story as one cell has it: the same text with other settings, LoRAs or seed.

    Args:
        story: as its author wrote it.
        sweep: says which scene, which LoRA and which training.
        given: axis → value, as `Sweep.at` has it.
    """
    settings = {kind: given[kind] for kind in ("sampler", "steps", "cfg_scale", "guidance") if kind in given}
    scene = story.scene(sweep.scene)
    changed = scene.model_copy(update={"seed": given.get("seed", scene.seed), "loras": None})
    return story.model_copy(
        update={
            "settings": story.settings.model_copy(update=settings),
            "loras": _loras(story, sweep, given),
            "scenes": tuple(changed if each.id == scene.id else each for each in story.scenes),
        }
    )


def painting_order(sweep: Sweep) -> list[tuple[int, int]]:
    """(column, row) of every cell, what costs most to change outermost; reading order where it makes no difference."""
    columns, rows = range(sweep.columns), range(sweep.rows)
    if sweep.y is not None and _COST[sweep.x.kind] > _COST[sweep.y.kind]:
        return [(column, row) for column in columns for row in rows]
    return [(column, row) for row in rows for column in columns]


def _loras(story: Story, sweep: Sweep, given: Mapping[str, AxisValue]) -> tuple[LoraUse, ...]:
    used = story.loras_of(story.scene(sweep.scene))
    if "lora" in given:
        strengths = {use.name: use.strength for use in used}
        name = str(given["lora"])
        used = () if name == WITHOUT else (LoraUse(name=name, strength=strengths.get(name, 1.0)),)
    elif "checkpoint" in given:
        step = given["checkpoint"]
        used = () if step == BEFORE_TRAINING else (LoraUse(name=f"{sweep.run}@{step}"),)
    if "strength" not in given:
        return used
    strength = float(given["strength"])
    if {"lora", "checkpoint"} & set(given):
        return tuple(use.model_copy(update={"strength": strength}) for use in used)
    name = lora_of_strength(sweep, story)
    if name not in {use.name for use in used}:
        return (*used, LoraUse(name=name, strength=strength))
    return tuple(use.model_copy(update={"strength": strength}) if use.name == name else use for use in used)
