"""A process that is killed at any operation on files loses no LoRA: each content stays reachable by name or by undo."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from story_engine.errors import StudioError
from story_engine.store.layout import Layout
from story_engine.store.lora_library import LoraLibrary
from story_engine.store.loras import LoraStore

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are killed as POSIX kills them")
_EVENTS = ("os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir", "shutil.rmtree", "shutil.copyfile")
_MOST_OPERATIONS = 60
OLD, NEW = b"as it was trained", b"as it was repaired, which is longer"
Act = Callable[[LoraLibrary, Path], object]


def library(folder: Path) -> LoraLibrary:
    layout = Layout(folder / "workspace", folder / "stories")
    return LoraLibrary(layout, LoraStore(layout))


def killed_before(operation: int, act: Callable[[], object]) -> bool:
    """Whether a process that does `act` dies before its n-th operation on files; False when it has fewer."""
    child = os.fork()
    if child == 0:
        count = 0

        def watch(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal count
            is_write = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
            if event in _EVENTS or is_write:
                count += 1
                if count == operation:
                    os._exit(9)

        sys.addaudithook(watch)
        try:
            act()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def loose(folder: Path, ending: str) -> None:
    loras = folder / "workspace" / "loras"
    loras.mkdir(parents=True)
    (loras / f"ink{ending}").write_bytes(OLD)
    (loras / "ink.json").write_text(json.dumps({"alpha": 4}))
    (folder / "repaired").write_bytes(NEW)


def repaired(folder: Path, ending: str) -> None:
    loose(folder, ending)
    library(folder).replace("ink", folder / "repaired", what="convert")


def content(folder: Path, name: str = "ink") -> tuple[bytes, float | None]:
    """What the library has under a name, with the alpha that lies beside it."""
    path = library(folder)._loras.path(name)
    beside = path.with_suffix(".json")
    return path.read_bytes(), json.loads(beside.read_text())["alpha"] if beside.is_file() else None


ACTS: dict[str, tuple[Callable[[Path, str], None], Act]] = {
    "title": (loose, lambda known, folder: known.change("ink", title="Ink")),
    "rename": (loose, lambda known, folder: known.rename("ink", "brush")),
    "repair": (loose, lambda known, folder: known.replace("ink", folder / "repaired", what="convert")),
    "undo": (repaired, lambda known, folder: known.undo("ink")),
    "delete": (loose, lambda known, folder: known.restore(known.delete("ink"))),
}


@pytest.mark.thorough
@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("ending", [".safetensors", ".ckpt"])
def test_killed_at_any_operation_nothing_is_lost(tmp_path: Path, act: str, ending: str) -> None:
    prepare, do = ACTS[act]
    lost: list[str] = []
    for operation in range(1, _MOST_OPERATIONS):
        folder = tmp_path / str(operation)
        prepare(folder, ending)

        was_killed = killed_before(operation, lambda folder=folder: do(library(folder), folder))

        fault = lost_after(folder, act)
        if fault:
            lost.append(f"operation {operation}: {fault}")
        if not was_killed:
            break
    assert lost == [] and operation > 2 and not was_killed


def lost_after(folder: Path, act: str) -> str:
    """What of the LoRA cannot be had back; empty when all of it can."""
    known = library(folder)
    names = known._loras.names()
    if act == "delete" and not names:
        tokens = [entry.token for entry in known._trash.entries()]
        if len(tokens) != 1:
            return f"{len(tokens)} in the trash"
        known.restore(tokens[0])
        names = known._loras.names()
    name = "brush" if "brush" in names else "ink"
    try:
        known.change(name, title="Ink again")
        if names != (name,) or known._loras.names() != (name,):
            return f"names {names}, then {known._loras.names()}"
        if content(folder, name)[0] == NEW:
            known.undo(name)
        known.change(name, title="Ink at last")
    except StudioError as error:
        return str(error)
    return "" if content(folder, name) == (OLD, 4) else f"it holds {content(folder, name)}"
