"""Where models may lie already: in the workspace, beside the Studio or a notebook, in the caches of other programs.

Only looked at, never written into. Caches are found by the variables of their own programs.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from story_engine.config import PROJECT_FOLDER
from story_engine.store.layout import Layout
from story_engine.store.model_settings import read_model_settings

NOTEBOOK = "models"
"""The folder into which the challenge's notebook downloads, where it runs."""


def places_of(layout: Layout, names: Sequence[str], repositories: Sequence[str]) -> list[Path]:
    """Folders in which a package may lie outside of `layout.models`, those that are there, best first.

    Args:
        layout: of the workspace.
        names: folders below a `models` folder, such as `kolors/Kolors`.
        repositories: `owner/name` of the hubs.
    """
    found: dict[Path, None] = {}
    for place in _candidates(layout, names, repositories):
        if os.path.isdir(place):  # noqa: PTH112 (says no where it may not look); pages ask this often
            found.setdefault(place)
    return list(found)


def _candidates(layout: Layout, names: Sequence[str], repositories: Sequence[str]) -> Iterator[Path]:
    ends = [*names, *repositories, *(name.rpartition("/")[2] for name in repositories)]
    for folder in map(Path, read_model_settings(layout).folders):
        yield folder
        yield from (folder / end for end in ends)
        yield from (folder / NOTEBOOK / end for end in ends)
    for folder in (PROJECT_FOLDER, PROJECT_FOLDER.parent):
        yield from (folder / NOTEBOOK / name for name in names)
    for repository in repositories:
        yield from _modelscope(repository)
        yield from _hugging_face(repository)


def _modelscope(repository: str) -> Iterator[Path]:
    """Every layout in which modelscope has kept repositories.

    Source: modelscope 1.40.2, `find_reusable_legacy_repo_dir`; modelscope-hub 0.5.1, `_find_legacy_repo_dir`.
    """
    named = os.environ.get("MODELSCOPE_CACHE")
    root = Path(named).expanduser() if named else Path.home() / ".cache" / "modelscope"
    owner, _, name = repository.partition("/")
    yield from _snapshots(root / "models" / f"{owner}--{name}")
    for below in ("models", "hub/models", "hub", "."):
        for each in dict.fromkeys((name.replace(".", "___"), name)):
            yield root / below / owner / each


def _hugging_face(repository: str) -> Iterator[Path]:
    """Source: huggingface_hub 0.36, constants.py."""
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    root = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE") or Path(home) / "hub"
    yield from _snapshots(Path(root).expanduser() / f"models--{repository.replace('/', '--')}")


def _snapshots(repository: Path) -> Iterable[Path]:
    """Revisions of a repository in a cache, the last written first."""
    try:
        found = [(place.stat().st_mtime, place) for place in (repository / "snapshots").iterdir()]
    except OSError:
        return ()
    return [place for _, place in sorted(found, key=lambda each: (-each[0], each[1]))]
