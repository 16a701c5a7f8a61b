"""Bring pictures into a dataset: what is asked for is checked here and done by a process of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from story_engine.domain.picture_import import SAMPLE_STYLES
from story_engine.errors import ChooseAnother, FixInput, Wait
from story_engine.flows.members import refuse_to_members
from story_engine.flows.room import check_room
from story_engine.flows.services import Services
from story_engine.formats.pasted_path import is_there, pasted_path, shown_path

_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


def bring_files(services: Services, name: str, files: Sequence[tuple[str, bytes]]) -> None:
    """Pictures, zips and caption files as (name, content).

    Raises:
        FixInput: there is none.
    """
    if not files:
        raise FixInput("dataset.nothing_to_bring")
    check_room(services, sum(len(content) for _, content in files))
    staged = services.imports.stage(name, files)
    try:
        services.imports.start(name, [{"kind": "files", "files": staged}])
    except Wait:
        services.imports.discard(name, staged)
        raise


def bring_folder(services: Services, name: str, folder: str) -> None:
    """All pictures of a folder on this machine, and of the folders in it; they are copied, never changed.

    Raises:
        FixInput: there is no such folder.
    """
    refuse_to_members(services)
    if not folder.strip():
        raise FixInput("dataset.nothing_to_bring")
    path = pasted_path(folder)
    if not path.is_absolute() or not is_there(path, Path.is_dir):
        raise FixInput("dataset.no_folder", path=shown_path(path))
    services.imports.start(name, [{"kind": "folder", "path": str(path)}])


def sources_of(paths: Sequence[Path]) -> list[dict[str, object]]:
    """Files and folders of this machine, as the command line names them, as an import takes them.

    Raises:
        FixInput: there is none, or one of them does not exist.
    """
    sources: list[dict[str, object]] = []
    files: dict[Path, list[list[str]]] = {}
    for path in map(pasted_path, paths):
        if is_there(path, Path.is_dir):
            sources.append({"kind": "folder", "path": str(path.resolve())})
        elif is_there(path, Path.is_file):
            files.setdefault(path.resolve().parent, []).append([str(path.resolve()), path.name])
        else:
            raise FixInput("dataset.no_such_path", path=shown_path(path))
    # By folder: a caption belongs to the picture beside it, not to one of the same name elsewhere.
    sources[:0] = [{"kind": "files", "files": each} for each in files.values()]
    if not sources:
        raise FixInput("dataset.nothing_to_bring")
    return sources


def bring_paths(services: Services, name: str, paths: Sequence[Path]) -> None:
    """Files and folders of this machine together.

    Raises:
        FixInput: one of them does not exist.
    """
    services.imports.start(name, sources_of(paths))


def bring_sample(services: Services, name: str, style: str, *, language: str) -> None:
    """The project's own drawings in one style, with captions in "zh" or "en".

    Raises:
        ChooseAnother: no such style.
    """
    check_room(services, 0)
    if style not in SAMPLE_STYLES:
        raise ChooseAnother("dataset.unknown_style", style=style[:60], listed=", ".join(SAMPLE_STYLES))
    services.imports.start(name, [{"kind": "sample", "style": style, "language": language}])


def bring_modelscope(
    services: Services, name: str, hub_name: str, *, subset: str = "default", split: str = "train"
) -> None:
    """A ModelScope dataset by its name, or a folder in the same form.

    Raises:
        FixInput: not such a name.
    """
    check_room(services, 0)
    wanted = hub_name.strip()
    if not _HUB_NAME.fullmatch(wanted):
        refuse_to_members(services)  # a folder of the machine
        folder = pasted_path(hub_name)
        if not folder.is_absolute() or not is_there(folder, Path.is_dir):
            raise FixInput("dataset.modelscope_name", name=wanted[:80])
        wanted = str(folder)
    asked = {"subset": subset.strip() or "default", "split": split.strip() or "train"}
    services.imports.start(name, [{"kind": "modelscope", "name": wanted, **asked}])


def delete(services: Services, name: str) -> str:
    """Into the trash, pictures and all; the token gives it back.

    Raises:
        Wait: pictures are being brought in.
    """
    importing = services.imports.state(name)
    if importing is not None and importing.is_active:
        raise Wait("dataset.import_running", name=name)
    return services.datasets.delete(name)
