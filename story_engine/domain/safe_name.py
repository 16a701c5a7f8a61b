"""Which names can be file names on every system that a story may travel to."""

from __future__ import annotations

import unicodedata

LONGEST_NAME = 64
"""Characters."""
LONGEST_NAME_BYTES = 180
"""UTF-8; file systems stop at 255 bytes, and a name grows by suffixes such as `.yaml.damaged-1a2b3c4d`."""
FORBIDDEN = frozenset('/\\:*?"<>|{}')
"""Separators, what Windows refuses, and the braces that mark a character inside a prompt."""
RESERVED = frozenset(
    {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(10)), *(f"lpt{n}" for n in range(10))},
)
"""Device names of Windows: opening `nul.yaml` there opens the device."""
JOINERS = frozenset("\u200c\u200d")
"""Zero-width joiners: part of correct spelling in Persian and Indic scripts and of many emoji."""


def name_fault(name: str) -> tuple[str, dict[str, object]] | None:
    """Message code and values of the first thing that makes `name` unfit as a file name; None when it is fit."""
    if not name.strip():
        return "story.name_empty", {}
    for character in name:
        if character in FORBIDDEN:
            return "story.name_character", {"name": name, "character": character}
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and character not in JOINERS:
            return "story.name_invisible", {"name": _visible(name), "character": f"U+{ord(character):04X}"}
    composed = unicodedata.normalize("NFC", name)
    if composed != name:
        return "story.name_not_composed", {"name": name, "composed": composed}
    if name[0] in ". " or name[-1] in ". ":
        return "story.name_edges", {"name": name}
    if name.split(".")[0].casefold() in RESERVED:
        return "story.name_reserved", {"name": name}
    if len(name) > LONGEST_NAME or len(name.encode()) > LONGEST_NAME_BYTES:
        return "story.name_too_long", {"name": f"{name[:20]}…", "length": len(name), "limit": LONGEST_NAME}
    return None


def same_file(name: str) -> str:
    """Equal for names that a case-blind or decomposing file system takes for one."""
    return unicodedata.normalize("NFC", name).casefold()


def _visible(name: str) -> str:
    return "".join(
        f"<U+{ord(character):04X}>" if unicodedata.category(character)[0] == "C" else character for character in name
    )
