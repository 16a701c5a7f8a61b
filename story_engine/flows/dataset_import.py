"""Bring pictures into a dataset: what is asked for is checked here and done by a process of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from story_engine.domain.picture_import import SAMPLE_STYLES
from story_engine.errors import ChooseAnother, FixInput
from story_engine.flows.services import Services

_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


def bring_files(services: Services, name: str, files: Sequence[tuple[str, bytes]]) -> None:
    """Pictures, zips and caption files as (name, content).

    Raises:
        FixInput: there is none.
    """
    if not files:
        raise FixInput("dataset.nothing_to_bring")
    staged = services.imports.stage(name, files)
    services.imports.start(name, [{"kind": "files", "files": staged}])


def bring_folder(services: Services, name: str, folder: str) -> None:
    """All pictures of a folder on this machine, and of the folders in it; they are copied, never changed.

    Raises:
        FixInput: there is no such folder.
    """
    path = Path(folder.strip().strip("\"'")).expanduser()
    if not folder.strip():
        raise FixInput("dataset.nothing_to_bring")
    if not path.is_absolute() or not path.is_dir():
        raise FixInput("dataset.no_folder", path=str(path))
    services.imports.start(name, [{"kind": "folder", "path": str(path)}])


def bring_paths(services: Services, name: str, paths: Sequence[Path]) -> None:
    """Files and folders of this machine together, as the command line names them.

    Raises:
        FixInput: one of them does not exist.
    """
    sources: list[dict[str, object]] = []
    files = []
    for path in paths:
        if path.is_dir():
            sources.append({"kind": "folder", "path": str(path.resolve())})
        elif path.is_file():
            files.append([str(path.resolve()), path.name])
        else:
            raise FixInput("dataset.no_folder", path=str(path))
    if files:
        sources.insert(0, {"kind": "files", "files": files})
    if not sources:
        raise FixInput("dataset.nothing_to_bring")
    services.imports.start(name, sources)


def bring_sample(services: Services, name: str, style: str, *, language: str) -> None:
    """The project's own drawings in one style, with captions in "zh" or "en".

    Raises:
        ChooseAnother: no such style.
    """
    if style not in SAMPLE_STYLES:
        raise ChooseAnother("dataset.unknown_style", style=style[:60], listed=", ".join(SAMPLE_STYLES))
    services.imports.start(name, [{"kind": "sample", "style": style, "language": language}])


def bring_modelscope(services: Services, name: str, hub_name: str, *, subset: str, split: str) -> None:
    """A ModelScope dataset by its name, or a folder in the same form.

    Raises:
        FixInput: not such a name.
    """
    wanted = hub_name.strip()
    if not _HUB_NAME.fullmatch(wanted) and not (Path(wanted).is_absolute() and Path(wanted).is_dir()):
        raise FixInput("dataset.modelscope_name", name=wanted[:80])
    asked = {"subset": subset.strip() or "default", "split": split.strip() or "train"}
    services.imports.start(name, [{"kind": "modelscope", "name": wanted, **asked}])
