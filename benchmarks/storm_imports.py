"""The storm's third part: imports of pictures whose process is killed again and again, and which are resumed."""

from __future__ import annotations

import hashlib
import random
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from PIL import Image

from benchmarks.storm_kills import processes_of
from story_engine.config import Config
from story_engine.jobs.imports.launcher import PictureImports
from story_engine.store.datasets import DatasetStore
from story_engine.store.layout import Layout

PICTURES = 150
_LAST_SECONDS = 180.0
"""What the last import may take after the last kill."""


@dataclass(slots=True)
class Interruptions:
    """What was done, and what broke."""

    datasets: int = 0
    kills: int = 0
    faults: list[str] = field(default_factory=list)


def interrupt_imports(layout: Layout, *, kills: int, seed: int, until: float) -> Interruptions:
    """Import a folder into one dataset after the other, each process killed now and then, until all kills are done.

    Args:
        layout: of the workspace.
        kills: at most.
        seed: decides signals, moments and pictures.
        until: `time.monotonic()` after which nothing more is killed.
    """
    found, choice = Interruptions(), random.Random(f"imports/{seed}")
    folder = layout.workspace / "brought"
    _make_pictures(folder, choice)
    imports = PictureImports(Config(workspace=layout.workspace, stories=layout.stories))
    while found.kills < kills and time.monotonic() < until:
        found.datasets += 1
        name = DatasetStore(layout).create(f"storm {found.datasets}")
        imports.start(name, [{"kind": "folder", "path": str(folder)}])
        _follow(layout, imports, name, found, kills=kills, choice=choice, until=until)
        _judge(layout, imports, name, folder, found)
    return found


def _make_pictures(folder: Path, choice: random.Random) -> None:
    folder.mkdir(parents=True)
    for number in range(PICTURES):
        picture = Image.frombytes("RGB", (64, 48), choice.randbytes(64 * 48 * 3))
        picture.save(folder / f"{number:03d}.png")


def _follow(
    layout: Layout,
    imports: PictureImports,
    name: str,
    found: Interruptions,
    *,
    kills: int,
    choice: random.Random,
    until: float,
) -> None:
    """See one import through, and kill its process on the way."""
    last = until + _LAST_SECONDS
    while time.monotonic() < last:
        state = imports.state(name)
        if state is None or state.state in ("done", "failed"):
            return
        if state.state == "interrupted":
            imports.resume(name)
        elif state.state == "running" and found.kills < kills and time.monotonic() < until:
            time.sleep(choice.uniform(0.0, 0.4))
            found.kills += _strike(layout, choice)
        time.sleep(0.02)


def _strike(layout: Layout, choice: random.Random) -> int:
    """Kill the process, or halt it for a moment; 1 if it was killed."""
    for process in processes_of(layout, "story_engine.jobs.imports.process"):
        try:
            if choice.random() < 0.25:
                process.suspend()
                time.sleep(choice.uniform(0.05, 0.3))
                process.resume()
                return 0
            process.send_signal(choice.choice([signal.SIGKILL, signal.SIGTERM]))
            psutil.wait_procs([process], timeout=30)
            return 1
        except psutil.NoSuchProcess:
            continue
    return 0


def _judge(layout: Layout, imports: PictureImports, name: str, folder: Path, found: Interruptions) -> None:
    state = imports.state(name)
    if state is None or state.state != "done":
        found.faults.append(f"the import into {name} is {state.state if state else 'gone'}")
        return
    brought = sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir())
    entries = DatasetStore(layout).load(name).entries
    present = sorted(entry.original_sha256 for entry in entries)
    if present != brought:
        missing, doubled = len(set(brought) - set(present)), len(present) - len(set(present))
        found.faults.append(f"{name} lacks {missing} pictures and has {doubled} twice")
    if state.refused:
        found.faults.append(f"{name} refused {len(state.refused)} good pictures")
    for entry in entries:
        if not (layout.datasets / name / "images" / entry.file).is_file():
            found.faults.append(f"{name}/{entry.file} is listed and is not there")
