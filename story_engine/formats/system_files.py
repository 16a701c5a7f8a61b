"""Files that operating systems and sync programs leave beside pictures: nobody means them, so they are not reported."""

from __future__ import annotations

from pathlib import PurePosixPath

_FOLDERS = frozenset(
    {
        "__macosx",
        ".spotlight-v100",
        ".trashes",
        ".fseventsd",
        ".temporaryitems",
        ".appledouble",
        "@eadir",
        "$recycle.bin",
        "system volume information",
        ".git",
        ".svn",
        ".ipynb_checkpoints",
        "__pycache__",
    }
)
_FILES = frozenset(
    {
        ".ds_store",
        "thumbs.db",
        "ehthumbs.db",
        "desktop.ini",
        ".directory",
        ".localized",
        "icon\r",
        ".gitignore",
        ".gitattributes",
        ".gitkeep",
        ".picasa.ini",
    }
)


def is_system_file(place: str) -> bool:
    """Whether a file is of that kind, by its path within a folder or an archive.

    `._x` is how macOS keeps what it knows of `x` on disks and in archives that are not its own.
    """
    parts = PurePosixPath(place.replace("\\", "/")).parts
    return bool(parts) and (
        any(part.lower() in _FOLDERS for part in parts[:-1])
        or parts[-1].startswith("._")
        or parts[-1].lower() in _FILES
    )
