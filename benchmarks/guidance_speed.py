"""What guidance by noise level saves: the same panels with the preview model's settings of before and of now, in turns.

    python -m benchmarks.guidance_speed [--repeats 3] [--threads 2] [--panels 1 8]

Everything goes through the Studio's renderer; the fastest run of each counts, and loading is left out. How often the
pictures show what was asked for is `preview_fidelity --guidance …`.
"""

from __future__ import annotations

import argparse
import os
import platform
import time

from benchmarks.samplers import NEGATIVE, PROMPTS
from story_engine.catalog.families import families
from story_engine.config import read_config
from story_engine.domain.guidance import CONSTANT, USUAL
from story_engine.domain.recipe import Recipe
from story_engine.domain.resolve import resolve
from story_engine.domain.story import Scene, Settings, Story
from story_engine.inference.render import Renderer
from story_engine.store.layout import Layout

BEFORE = "constant, 20 steps"
SETTINGS = {
    BEFORE: Settings(guidance=CONSTANT),
    "constant, 12 steps": Settings(guidance=CONSTANT, steps=12),
    "by noise level, 20 steps": Settings(guidance=USUAL, steps=20),
    "by noise level, 12 steps (usual)": Settings(guidance=USUAL),
}


def recipes_of(layout: Layout, settings: Settings, panels: int) -> list[Recipe]:
    """The panels of a story with these settings."""
    scenes = tuple(Scene(id=f"s{n}", prompt=PROMPTS[n % len(PROMPTS)], seed=n) for n in range(panels))
    story = Story(negative=NEGATIVE, settings=settings, scenes=scenes)
    family = families(layout)[settings.family]
    return [resolve(story, scene, 0, family=family, loras={}) for scene in scenes]


def measured(panels: int, repeats: int, threads: int) -> dict[str, tuple[float, float]]:
    """Wall and CPU seconds by settings."""
    layout = Layout.of(read_config())
    renderer = Renderer(layout, threads=threads)
    wanted = {name: recipes_of(layout, settings, panels) for name, settings in SETTINGS.items()}
    for recipes in wanted.values():  # loads, and encodes every text
        renderer.render([recipe.model_copy(update={"steps": 1}) for recipe in recipes])
    best = dict.fromkeys(wanted, (float("inf"), float("inf")))
    for _ in range(repeats):
        for name, recipes in wanted.items():
            started, used = time.monotonic(), time.process_time()
            renderer.render(recipes)
            spent = (time.monotonic() - started, time.process_time() - used)
            best[name] = (min(best[name][0], spent[0]), min(best[name][1], spent[1]))
    return best


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0, help="0: one per core, at most four")
    parser.add_argument("--panels", type=int, nargs="+", default=[1, 8])
    arguments = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print("| panels | settings | s | ratio | CPU s | CPU ratio |")
    print("| --- |" + " --- |" * 5)
    for panels in arguments.panels:
        found = measured(panels, arguments.repeats, arguments.threads)
        wall, cpu = found[BEFORE]
        for name, (seconds, used) in found.items():
            ratios = f"{wall / seconds:.2f} | {used:.2f} | {cpu / used:.2f}"
            print(f"| {panels} | {name} | {seconds:.2f} | {ratios} |")


if __name__ == "__main__":
    main()
