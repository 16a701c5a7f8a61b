"""Who may open a workspace: its owner. In one that is shared with a group on purpose (setgid), that group too."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from story_engine.store.layout import Layout

_OTHERS, _ALL_BUT_OWNER = 0o007, 0o077
_NAMES = (
    ("bundles", "cache", "datasets", "hand-in", "jobs.sqlite", "limits.json", "logs", "loras", "models", "models.json"),
    ("models.lock", "picks", "runs", "scores", "sweeps", "takes", "trash", "dataset-trash", "run-trash", "lora-trash"),
    ("references", "member.json", "users", "waiting"),
)
_OURS = frozenset(name for names in _NAMES for name in names)
"""What lies in a workspace, this version's and the first's."""
_LOG = logging.getLogger(__name__)


def keep_private(layout: Layout) -> int:
    """Take from everybody else what an earlier version, or a wide umask, has given them; how many entries were changed.

    A workspace that is private already costs one listing: nothing below it can be reached. What belongs to somebody
    else, and a folder in which other things lie too, stay as they are.
    """
    root = layout.workspace
    try:
        mode = root.stat().st_mode
        names = [path.name for path in root.iterdir()]
    except OSError:
        return 0
    taken = forbidden(root)
    is_ours = all(name in _OURS or name.startswith((".", "jobs.sqlite", "dispatcher")) for name in names)
    is_wide = bool(mode & taken)
    entries = [root / name for name in names if name in _OURS or name.startswith("jobs.sqlite")]
    found = [each for entry in entries for each in (_tree(entry) if is_wide else [entry])]
    changed = sum(_narrowed(path, taken) for path in found)
    # The root last: whoever is stopped before begins anew.
    return changed + (_narrowed(root, taken) if is_ours else 0)


def forbidden(folder: Path) -> int:
    """The bits of a mode that nothing in `folder` may have; also the umask of processes that write there."""
    try:
        is_shared = bool(folder.stat().st_mode & stat.S_ISGID)
    except OSError:
        is_shared = False
    return _OTHERS if is_shared else _ALL_BUT_OWNER


def _tree(path: Path) -> Iterator[Path]:
    """What lies below first; links are not followed, they may lead to a folder that is shared."""
    if path.is_dir() and not path.is_symlink():
        for folder, _, files in os.walk(path, topdown=False):
            yield from (Path(folder) / name for name in files)
            yield Path(folder)
    else:
        yield path


def _narrowed(path: Path, taken: int) -> bool:
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode) or not mode & taken:
            return False
        path.chmod(stat.S_IMODE(mode) & ~taken)
    except OSError as error:
        _LOG.info("%s stays as open as it is: %s", path, error)
        return False
    return True
