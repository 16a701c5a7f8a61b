"""What cast lock costs in memory: the most that a fresh process held while it painted a story's eight panels.

    python -m benchmarks.cast_memory --rounds 3

Each board is painted by a process of its own, arms in turns, so that nothing that was held before counts. The figure is
the operating system's highest resident size, with Python, torch and the networks in it; what a board needs above
a process that has loaded the networks and painted one small panel stands beside it.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median

import torch

from benchmarks.cast_lock import recipes
from story_engine.inference.render import Renderer
from story_engine.store.layout import Layout

ARMS = ("prefix", "shared and masked")
STORY = 1003
"""The one of README's picture; not one of the proof's."""


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    peaks: dict[str, list[tuple[float, float]]] = {arm: [] for arm in ARMS}
    for _ in range(given.rounds):
        for arm in ARMS:
            with ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn")) as pool:
                peaks[arm].append(pool.submit(peak, arm).result())
    whole = {arm: median(most for _, most in of_arm) for arm, of_arm in peaks.items()}
    above = {arm: median(most - start for start, most in of_arm) for arm, of_arm in peaks.items()}
    print(json.dumps({"MB": peaks, "median MB": whole, "median MB above one panel": above}, indent=1))
    print(f"whole process: {whole[ARMS[1]] / whole[ARMS[0]]:.3f} times")


def peak(arm: str) -> tuple[float, float]:
    """Highest resident size, MB, of this process: after one panel, and after the board."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        layout = Layout(Path(folder) / "workspace", Path(folder) / "stories")
        renderer, (_, arms) = Renderer(layout, threads=1), recipes(layout, STORY)
        renderer.render([arms["prefix"][0].model_copy(update={"steps": 2})])
        start = _highest_mb()
        renderer.render(arms[arm])
        return start, _highest_mb()


def _highest_mb() -> float:
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(highest / (1 << 20 if sys.platform == "darwin" else 1 << 10), 1)


if __name__ == "__main__":
    main()
