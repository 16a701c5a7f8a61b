"""Where models may lie already: in the workspace, beside the Studio or a notebook, in the caches of other programs.

Only looked at, never written into. Caches are found by the variables of their own programs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from story_engine.config import PROJECT_FOLDER
from story_engine.store.layout import Layout
from story_engine.store.model_settings import read_model_settings

_CACHES = ("MODELSCOPE_CACHE", "HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME", "HOME")
_SNAPSHOTS = "snapshots"
NOTEBOOK = "models"
"""The folder into which the challenge's notebook downloads, where it runs."""


def places_of(layout: Layout, names: Sequence[str], repositories: Sequence[str]) -> list[Path]:
    """Folders in which a package may lie outside of `layout.models`, those that are there, best first.

    Args:
        layout: of the workspace.
        names: folders below a `models` folder, such as `kolors/Kolors`.
        repositories: `owner/name` of the hubs.
    """
    folders = read_model_settings(layout).folders
    caches = tuple(os.environ.get(name, "") for name in _CACHES)
    found: dict[Path, None] = {}
    for place in _candidates(folders, tuple(names), tuple(repositories), caches):
        if not os.path.isdir(place):  # noqa: PTH112 (says no where it may not look); pages ask this often
            continue
        for folder in _snapshots(place) if place.name == _SNAPSHOTS else (place,):
            found.setdefault(folder)
    return list(found)


@lru_cache(maxsize=64)
def _candidates(
    folders: tuple[str, ...], names: tuple[str, ...], repositories: tuple[str, ...], caches: tuple[str, ...]
) -> tuple[Path, ...]:
    """Made once, asked for at every look; a folder named `snapshots` stands for those that are in it."""
    del caches  # they only make the cache key
    return tuple(dict.fromkeys(_listed(folders, names, repositories)))


def _listed(folders: tuple[str, ...], names: tuple[str, ...], repositories: tuple[str, ...]) -> Iterator[Path]:
    ends = [*names, *repositories, *(name.rpartition("/")[2] for name in repositories)]
    for folder in map(Path, folders):
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
    yield root / "models" / f"{owner}--{name}" / _SNAPSHOTS
    for below in ("models", "hub/models", "hub", "."):
        for each in dict.fromkeys((name.replace(".", "___"), name)):
            yield root / below / owner / each


def _hugging_face(repository: str) -> Iterator[Path]:
    """Source: huggingface_hub 0.36, constants.py."""
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    root = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE") or Path(home) / "hub"
    yield Path(root).expanduser() / f"models--{repository.replace('/', '--')}" / _SNAPSHOTS


def _snapshots(folder: Path) -> list[Path]:
    """Revisions of a repository in a cache, the last written first."""
    try:
        found = [(place.stat().st_mtime, place) for place in folder.iterdir() if place.is_dir()]
    except OSError:
        return []
    return [place for _, place in sorted(found, key=lambda each: (-each[0], each[1]))]
