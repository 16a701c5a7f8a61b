"""Names of pictures in a dataset, made from the names that they came under."""

from __future__ import annotations

from pathlib import PurePosixPath

from story_engine.domain.safe_name import name_fault
from story_engine.store.names import slug_from


def stem_for(name: str) -> str:
    """A file name that reads like the picture's own, without its ending."""
    path = PurePosixPath(name.replace("\\", "/"))
    stem = path.stem if ending_of(name) != ".bin" else path.name
    # Not only what the file system refuses: spaces and quotes trip up the tools that read the export.
    return slug_from(stem, is_taken=lambda _: False) if name_fault(stem) is not None or " " in stem else stem


def ending_of(name: str) -> str:
    """Its ending in small letters; `.bin` where it has none that can be used."""
    ending = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    return ending if ending.isascii() and ending[1:].isalnum() and len(ending) <= 6 else ".bin"
