"""Training drawings on disk: pictures as one memory-mapped array, their scenes as JSON lines.

Drawing `index` of a folder is decided by the folder's plan and the index alone, so several processes can draw at once
and a stopped one goes on. Each process owns the indices `index % processes == process` and appends to its own file of
scenes; a picture is on disk before its scene's line is.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from story_engine.preview_model.world import DrawnScene, Figure

PICTURE_SIZE = 256
_PLAN = "plan.json"
_PICTURES = "pictures.uint8"


class DrawingCache:
    """A folder of `count` drawings, complete or still being drawn."""

    def __init__(self, folder: Path) -> None:
        plan = json.loads((folder / _PLAN).read_text(encoding="utf-8"))
        self.folder = folder
        self.count: int = plan["count"]
        self.seed: int = plan["seed"]
        self.processes: int = plan["processes"]
        self.size: int = plan["size"]
        self.company: float = plan.get("company", 0.0)
        self.pictures = np.memmap(
            folder / _PICTURES, dtype=np.uint8, mode="r+", shape=(self.count, self.size, self.size, 3)
        )

    @classmethod
    def plan(
        cls,
        folder: Path,
        *,
        count: int,
        seed: int,
        processes: int = 1,
        size: int = PICTURE_SIZE,
        company: float = 0.0,
    ) -> DrawingCache:
        """The folder's cache; a new folder is laid out, an existing one keeps its plan.

        Args:
            folder: of drawings.
            count: how many.
            seed: of their scenes.
            processes: that draw at once.
            size: of a side, in pixels.
            company: share of drawings that are sampled until somebody stands beside the first one, 0 to 1. Of the
                others every fifth or so has company too.
        """
        if not (folder / _PLAN).exists():
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / _PICTURES).open("wb") as file:
                file.truncate(count * size * size * 3)
            plan = {"count": count, "seed": seed, "processes": processes, "size": size, "company": company}
            (folder / _PLAN).write_text(json.dumps(plan), encoding="utf-8")
        return cls(folder)

    def ready(self) -> int:
        """How many drawings exist, counted from index 0 without a gap."""
        drawn = [self._drawn_by(process) for process in range(self.processes)]
        return min(self.count, min(count * self.processes + process for process, count in enumerate(drawn)))

    def scenes(self) -> list[DrawnScene]:
        """The scenes of all ready drawings, by index."""
        count = self.ready()
        by_process = [_read_scenes(self._scenes_path(process)) for process in range(self.processes)]
        return [by_process[index % self.processes][index // self.processes] for index in range(count)]

    def draw(self, process: int) -> None:
        """Draw everything that `process` owns and has not drawn yet."""
        from story_engine.preview_model.world.drawing import draw

        with self._scenes_path(process).open("a", encoding="utf-8") as file:
            done = self._drawn_by(process)
            for index in range(process + done * self.processes, self.count, self.processes):
                scene = self._sampled(index)
                self.pictures[index] = _pixels(draw(scene, self.size))
                file.write(json.dumps(scene_to_json(scene)) + "\n")
                file.flush()

    def _sampled(self, index: int) -> DrawnScene:
        from story_engine.preview_model.world.drawing import sample_scene

        rng = random.Random(f"{self.seed}/{index}")
        needs_company = random.Random(f"{self.seed}/{index}/company").random() < self.company
        scene = sample_scene(rng)
        while needs_company and not scene.companions:
            scene = sample_scene(rng)
        return scene

    def _scenes_path(self, process: int) -> Path:
        return self.folder / f"scenes_{process}.jsonl"

    def _drawn_by(self, process: int) -> int:
        path = self._scenes_path(process)
        return path.read_bytes().count(b"\n") if path.exists() else 0


def pictures_to_values(pictures: np.ndarray) -> np.ndarray:
    """(…, height, width, 3) uint8 to the networks' range -1…1, float32, same order of axes."""
    return pictures.astype(np.float32) / 127.5 - 1.0


def halved(picture: np.ndarray) -> np.ndarray:
    """(…, height, width, 3) uint8 at half size, each pixel the mean of four."""
    height, width = picture.shape[-3] // 2, picture.shape[-2] // 2
    parts = picture.reshape(*picture.shape[:-3], height, 2, width, 2, 3).astype(np.float32)
    mean: np.ndarray = parts.mean(axis=(-4, -2)) + 0.5
    return mean.astype(np.uint8)


def scene_to_json(scene: DrawnScene) -> dict[str, Any]:
    """A scene as plain JSON values."""
    return asdict(scene)


def scene_from_json(values: dict[str, Any]) -> DrawnScene:
    """The scene that `scene_to_json` wrote."""
    companions = tuple(Figure(**companion) for companion in values["companions"])
    return DrawnScene(**{**values, "main": Figure(**values["main"]), "companions": companions})


def _read_scenes(path: Path) -> list[DrawnScene]:
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    return [scene_from_json(json.loads(line)) for line in lines]


def _pixels(drawing: Image.Image | np.ndarray) -> np.ndarray:
    return np.asarray(drawing.convert("RGB") if isinstance(drawing, Image.Image) else drawing, dtype=np.uint8)


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw one process's share of a folder."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=40_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--process", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--company", type=float, default=0.0, help="share of drawings that must have two or more")
    options = parser.parse_args(arguments)
    plan = {name: getattr(options, name) for name in ("count", "seed", "processes", "company")}
    cache = DrawingCache.plan(options.folder, **plan)
    cache.draw(options.process)


if __name__ == "__main__":
    main()
