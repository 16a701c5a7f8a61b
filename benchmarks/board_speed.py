"""A board of eight panels on the preview model: the Studio against the challenge's notebook, each claim in one run.

    python -m benchmarks.board_speed [--rounds 3] [--threads 1] [--only board sampler training]

board: eight panels by the Studio's own render job (files and records written) against the notebook's loop, DiffSynth's
    pipeline called eight times and each picture saved; then the same board after one prompt was changed, where the
    notebook is run again as a whole and the Studio paints what is missing. The pictures are compared in every round.
sampler: the family's usual sampler and steps against DDIM 50, both in our loop, and the error of each against DDIM with
    a thousand steps.
training: `benchmarks.lora_training` (needs `lightning`).

Each part prints its rows when it is measured; one that fails is said with its reason, and the next one is measured.

Sides take turns; of each the round that took the least CPU time counts, because machines are shared. Loading is left
out, encoding is not: every round has words of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import torch
from diffsynth import SDXLImagePipeline
from PIL import Image

from benchmarks.recipes import family_recipe
from benchmarks.render_speed import painted_by_stock, stock_pipeline
from benchmarks.samplers import NEGATIVE, PROMPTS, Solutions
from story_engine.bootstrap import open_services
from story_engine.catalog.devices import processor_name
from story_engine.catalog.families import families
from story_engine.config import Config, read_config
from story_engine.domain.job_spec import RenderItem, RenderSpec
from story_engine.domain.recipe import Recipe
from story_engine.domain.story import Scene, Settings, Story
from story_engine.flows.render import plan_render
from story_engine.flows.services import Services
from story_engine.inference.render import Renderer
from story_engine.jobs.work import render
from story_engine.store.layout import Layout

AIMS = {"eight panels": 1.3, "after one changed prompt": 7.0, "usual sampler": 2.5, "training": 1.8}
_LONG_WAY_STEPS = 50
_SAMPLER_PANELS = 4


@dataclass(frozen=True, slots=True)
class Took:
    """What one side of one round took."""

    cpu: float
    """Seconds of all threads of this process."""
    wall: float


def timed(work: Callable[[], object]) -> Took:
    """Run it once."""
    started, used = time.monotonic(), time.process_time()
    work()
    return Took(cpu=time.process_time() - used, wall=time.monotonic() - started)


def a_story(words: str, *, steps: int) -> Story:
    """Eight scenes as the notebook has them: own prompts, one negative, DDIM."""
    scenes = tuple(
        Scene(id=f"s{number}", prompt=f"{prompt}，{words}", seed=number, pinned=True)
        for number, prompt in enumerate(PROMPTS)
    )
    settings = Settings(family="preview", sampler="ddim", steps=steps)
    return Story(title=words, negative=NEGATIVE, scenes=scenes, settings=settings)


class Boards:
    """Stories of a workspace of its own, painted by the job that the app's child runs."""

    def __init__(self, services: Services, layout: Layout) -> None:
        self._services, self._layout = services, layout
        self._family = services.families()["preview"]

    def plan(self, slug: str, story: Story) -> RenderSpec:
        """What the app would paint now."""
        plan = plan_render(
            story,
            [scene.id for scene in story.scenes],
            takes=1,
            family=self._family,
            lora_hashes={},
            existing=self._services.takes.takes(slug),
        )
        return plan.spec(slug).model_copy(update={"score": False})

    def paint(self, spec: RenderSpec) -> None:
        """As a job."""
        render.run(spec, job=1, report=_ignore, should_stop=lambda: False, layout=self._layout)

    def picture(self, slug: str, item: RenderItem) -> Image.Image:
        """Of the take that was painted."""
        take = self._services.takes.find(slug, item.scene, item.recipe.digest)
        assert take is not None
        with Image.open(self._services.takes.picture(take)) as picture:
            return picture.convert("RGB")


def _ignore(progress: object) -> None:
    del progress


def notebook(pipeline: SDXLImagePipeline, recipes: list[Recipe], folder: Path, painted: list[Image.Image]) -> None:
    """The notebook's blocks, one after the other; `painted` gets their pictures."""
    for number, recipe in enumerate(recipes, start=1):
        picture = painted_by_stock(pipeline, recipe)
        picture.save(folder / f"{number}.jpg")
        painted.append(picture)


def boards(rounds: int, steps: int, threads: int) -> dict[str, dict[str, float]]:
    """Eight panels, and the same board after one changed prompt.

    Raises:
        SystemExit: the two sides painted different pictures.
    """
    sides: dict[str, list[Took]] = {"notebook": [], "ours": [], "ours, one changed": []}
    furthest, differing = 0, []
    os.environ["STORY_STUDIO_THREADS"] = str(threads)
    with tempfile.TemporaryDirectory() as given:
        folder = Path(given)
        config = Config(workspace=folder / "workspace", stories=folder / "stories")
        services, layout = open_services(config), Layout.of(config)
        ours, pipeline = Boards(services, layout), stock_pipeline(layout)
        render.warm_up(layout)
        for number in range(rounds):
            story = a_story(f"第{number}遍", steps=steps)
            slug = services.stories.create(story.title, story)
            spec = ours.plan(slug, story)
            recipes = [item.recipe for item in spec.items]
            painted: list[Image.Image] = []
            sides["notebook"].append(timed(partial(notebook, pipeline, recipes, folder, painted)))
            sides["ours"].append(timed(partial(ours.paint, spec)))
            for item, theirs in zip(spec.items, painted, strict=True):
                apart = _apart(ours.picture(slug, item), theirs)
                furthest = max(furthest, int(apart.max()))
                differing.append(float((apart > 0).mean()))
            if furthest > 1:
                raise SystemExit(f"the pictures are not the same: values differ by up to {furthest} of 255")
            words = story.scenes[3].model_copy(update={"prompt": f"雪地里的狐狸，第{number}遍"})
            changed = story.model_copy(update={"scenes": (*story.scenes[:3], words, *story.scenes[4:])})
            left = ours.plan(slug, changed)
            assert len(left.items) == 1, "only the changed panel is painted again"
            sides["ours, one changed"].append(timed(partial(ours.paint, left)))
    print(f"pictures: at most {furthest} of 255 apart, {statistics.mean(differing):.2%} of the values", flush=True)
    return {
        "eight panels": _ratio(sides["notebook"], sides["ours"]),
        "after one changed prompt": _ratio(sides["notebook"], sides["ours, one changed"]),
    }


def samplers(rounds: int, threads: int, prompts: int, reference_steps: int) -> dict[str, dict[str, float]]:
    """The usual sampler at its usual steps against DDIM 50: seconds in our own loop, and errors.

    Raises:
        SystemExit: the shorter way ends further from the exact solution.
    """
    layout = Layout.of(read_config())
    family = families(layout)["preview"]
    ways = {"ddim": ("ddim", _LONG_WAY_STEPS), "usual": (family.sampler, family.steps)}
    renderer = Renderer(layout, threads=threads)
    sides: dict[str, list[Took]] = {name: [] for name in ways}
    for number in range(rounds):
        for name, (sampler, steps) in ways.items():
            recipes = [
                family_recipe(family, f"{prompt}，{name} {number}", NEGATIVE, seed, sampler=sampler, steps=steps)
                for seed, prompt in enumerate(PROMPTS[:_SAMPLER_PANELS])
            ]
            sides[name].append(timed(partial(renderer.render, recipes)))
    solutions = Solutions(prompts, reference_steps)
    errors = {name: solutions.error(*way) for name, way in ways.items()}
    print(f"{family.sampler} {family.steps}: error {errors['usual']}; DDIM {_LONG_WAY_STEPS}: {errors['ddim']}")
    if errors["usual"] > errors["ddim"]:
        raise SystemExit("the shorter way ends further from the exact solution")
    return {"usual sampler": _ratio(sides["ddim"], sides["usual"]) | {f"error of {k}": v for k, v in errors.items()}}


def training() -> dict[str, dict[str, float]]:
    """`benchmarks.lora_training` as it is called by hand, in a process of its own.

    Raises:
        SystemExit: it failed; with the last line of its errors.
    """
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.lora_training", "--threads", "1", "--rounds", "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        reason = said[-1] if said else "it said nothing"
        raise SystemExit(f"benchmarks.lora_training ended with exit status {done.returncode}: {reason}")
    report = json.loads(done.stdout)
    baseline, ours = (report["cpu_seconds_per_step"][side] for side in ("diffsynth", "ours"))
    return {"training": {"baseline": baseline, "ours": ours, "ratio": baseline / ours}}


def _ratio(baseline: list[Took], ours: list[Took]) -> dict[str, float]:
    best = {name: min(took.cpu for took in side) for name, side in (("baseline", baseline), ("ours", ours))}
    walls = [first.wall / second.wall for first, second in zip(baseline, ours, strict=True)]
    return best | {"ratio": best["baseline"] / best["ours"], "median ratio of wall clocks": statistics.median(walls)}


def _apart(first: Image.Image, second: Image.Image) -> np.ndarray:
    return np.abs(np.asarray(first, dtype=int) - np.asarray(second, dtype=int))


def main() -> None:
    """Measure and print.

    Raises:
        SystemExit: a part failed; what the others measured is printed all the same.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=20, help="of both sides of a board; the notebook's are 50")
    parser.add_argument("--prompts", type=int, default=2, help="of the error")
    parser.add_argument("--reference-steps", type=int, default=1000)
    parser.add_argument("--only", nargs="+", choices=("board", "sampler", "training"))
    arguments = parser.parse_args()
    parts: dict[str, Callable[[], dict[str, dict[str, float]]]] = {
        "board": partial(boards, arguments.rounds, arguments.steps, arguments.threads),
        "sampler": partial(samplers, arguments.rounds, arguments.threads, arguments.prompts, arguments.reference_steps),
        "training": training,
    }
    torch.set_num_threads(arguments.threads)
    print(f"{date.today()}, {processor_name()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print("| | baseline, CPU s | ours, CPU s | ratio | aim |\n| --- | --- | --- | --- | --- |", flush=True)
    results, failed = measured({name: part for name, part in parts.items() if name in (arguments.only or parts)})
    print(json.dumps(results))
    if failed:
        raise SystemExit(f"not measured: {', '.join(failed)}")


def measured(
    parts: dict[str, Callable[[], dict[str, dict[str, float]]]],
) -> tuple[dict[str, dict[str, float]], list[str]]:
    """Rows of all parts, each printed as it comes; and the parts that failed, with their reasons printed."""
    results: dict[str, dict[str, float]] = {}
    failed = []
    for part, measure in parts.items():
        try:
            rows = measure()
        except (Exception, SystemExit) as error:  # minutes of measuring are not lost for what comes after them
            failed.append(part)
            print(f"{part} FAILED: {error or type(error).__name__}", flush=True)
            continue
        for name, row in rows.items():
            aim = AIMS[name]
            print(f"| {name} | {row['baseline']:.2f} | {row['ours']:.2f} | {row['ratio']:.2f} | {aim} |", flush=True)
        results |= rows
    return results, failed


if __name__ == "__main__":
    main()
