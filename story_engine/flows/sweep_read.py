"""What can be compared for a scene here, and a sweep out of what a person typed for its axes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from story_engine.domain.family import Family
from story_engine.domain.story import LoraUse, Scene, Story
from story_engine.domain.sweep import AXES, WITHOUT, Axis, Sweep, problems
from story_engine.domain.sweep_text import EXAMPLES, Reading, read_axis
from story_engine.errors import ChooseAnother, Problem, StudioError
from story_engine.flows.panels import family_for
from story_engine.flows.services import Services

AxisText = tuple[str, str | tuple[str, ...]]
"""What an axis is of, and its values: as typed, or chosen from a list (names, which may hold any sign)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChoice:
    """A training whose checkpoints can be compared."""

    run: str
    """Its id."""
    name: str
    """What a person called it."""
    steps: tuple[int, ...]
    """Of its checkpoints, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepChoices:
    """What the axes of a scene can be made of on this machine."""

    family: Family
    """What paints."""
    stand_in_for: str | None
    """The family that the story asks for, where another one paints; no LoRA can be compared then."""
    used: tuple[LoraUse, ...]
    """The LoRAs of the scene."""
    loras: tuple[str, ...]
    """Those of the library."""
    runs: tuple[RunChoice, ...]
    """Newest first; those of the painting family that have a checkpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepReading:
    """What became of what was typed."""

    sweep: Sweep | None
    """None while there are problems."""
    problems: tuple[Problem, ...]
    """All of them; `where` is the axis."""


def choices(services: Services, slug: str, scene: str) -> SweepChoices:
    """What there is to compare.

    Raises:
        ChooseAnother: the story has no such scene.
        StandInNeeded, InstallOrDownload: nothing here paints the story.
    """
    story = services.stories.load(slug)
    family = family_for(services, story)
    stands_in = family.name != story.settings.family
    return SweepChoices(
        family=family,
        stand_in_for=story.settings.family if stands_in else None,
        used=() if stands_in else story.loras_of(_scene(story, scene)),
        loras=services.loras.names(),
        runs=_runs(services, family.name),
    )


def read(
    services: Services, slug: str, scene: str, *, x: AxisText, y: AxisText | None = None, lora: str = "", run: str = ""
) -> SweepReading:
    """The sweep that is spelled by axes as (kind, text), or everything that is wrong with it.

    Raises:
        As `choices`.
    """
    there = choices(services, slug, scene)
    found: list[Problem] = []
    axes = []
    for kind, text in [axis for axis in (x, y) if axis is not None]:
        if kind not in AXES:
            found.append(Problem("sweep.unknown_axis", kind[:40], {"name": kind[:40], "known": ", ".join(AXES)}))
            continue
        if kind == "checkpoint" and (trouble := _run_trouble(there, run)):
            found.append(trouble)
            continue
        reading = _read(kind, text, known=_known(there, kind, run))
        found += reading.problems
        axes += [reading.axis] if reading.axis is not None else []
    if lora and lora not in {*there.loras, *(use.name for use in there.used)}:
        known = ", ".join(there.loras) or "–"
        found.append(Problem("sweep.unknown_lora", "strength", {"name": lora, "known": known}))
    if found:
        return SweepReading(sweep=None, problems=tuple(found))
    sweep = Sweep(scene=scene, x=axes[0], y=axes[1] if y is not None else None, lora=lora, run=run)
    story = services.stories.load(slug)
    stand_in = there.family.name if there.stand_in_for is not None else None
    found += problems(sweep, story, stand_in=stand_in)
    return SweepReading(sweep=None if found else sweep, problems=tuple(found))


def _read(kind: str, text: str | tuple[str, ...], *, known: tuple[str, ...]) -> Reading:
    if isinstance(text, str):
        return read_axis(kind, text, known=known)
    if kind != "lora":
        return read_axis(kind, ", ".join(text), known=known)
    if not text:
        return Reading(None, (Problem("sweep.empty", kind, {"example": EXAMPLES[kind]}),))
    gone = [name for name in text if name != WITHOUT and name not in known]
    listed = ", ".join(known) or "–"
    found = tuple(Problem("sweep.unknown_lora", kind, {"name": name, "known": listed}) for name in gone)
    return Reading(None if found else Axis(kind=kind, values=tuple(dict.fromkeys(text))), found)


def _known(there: SweepChoices, kind: str, run: str) -> tuple[str, ...]:
    if kind == "checkpoint":
        return tuple(str(step) for each in there.runs if each.run == run for step in each.steps)
    return tuple(dict.fromkeys((*there.loras, *(use.name for use in there.used)))) if kind == "lora" else ()


def _run_trouble(there: SweepChoices, run: str) -> Problem | None:
    if there.stand_in_for is not None:
        values: dict[str, object] = {"family": there.stand_in_for, "stand_in": there.family.name}
        return Problem("sweep.stand_in", "checkpoint", values)
    if not run:
        return Problem("sweep.no_run", "checkpoint")
    if run not in {each.run for each in there.runs}:
        known = ", ".join(each.run for each in there.runs) or "–"
        return Problem("sweep.unknown_run", "checkpoint", {"name": run, "known": known})
    return None


def _runs(services: Services, family: str) -> tuple[RunChoice, ...]:
    found = []
    for run in services.runs.ids():
        with suppress(StudioError):  # a run that cannot be read has its own page say so
            spec = services.runs.spec(run)
            steps = tuple(sorted(services.runs.checkpoints(run)))
            if spec.family == family and steps:
                found.append(RunChoice(run=run, name=spec.name, steps=steps))
    return tuple(found)


def _scene(story: Story, scene: str) -> Scene:
    known = [each.id for each in story.scenes]
    if scene not in known:
        raise ChooseAnother("render.no_scene", scene=scene, listed=", ".join(known))
    return story.scene(scene)
