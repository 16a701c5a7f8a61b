"""What a bundle is called: the challenge's own pattern, fit for every system that unpacks it."""

from __future__ import annotations

import unicodedata

from story_engine.domain.safe_name import FORBIDDEN, JOINERS, RESERVED

BRAND = "可图Kolors训练"
"""The challenge asks for `<team>-可图Kolors训练-<name>`."""
LONGEST_PART = 24
"""Characters of the team's and of the work's name: Windows stops at 260 for a whole path, and Explorer unpacks
`<name>.zip` into a folder `<name>` of its own."""
LONGEST_PART_BYTES = 72
UNNAMED = "story"


def bundle_name(team: str, work: str) -> str:
    """`<team>-可图Kolors训练-<work>`, of the folder in the zip, the zip, and the LoRA's page at ModelScope."""
    parts = (file_part(team), BRAND, file_part(work) or UNNAMED)
    return "-".join(part for part in parts if part)


def file_part(text: str, *, longest: int = LONGEST_PART, longest_bytes: int = LONGEST_PART_BYTES) -> str:
    """What of `text` can stand in a file's name on every system; empty when nothing can."""
    composed = unicodedata.normalize("NFC", text)
    kept = "".join(_kept(character) for character in composed)
    joined = _edges("-".join(kept.split()))
    if joined.split(".")[0].casefold() in RESERVED:
        joined = f"{UNNAMED}-{joined}"
    joined = _edges(joined[:longest])
    while len(joined.encode()) > longest_bytes:
        joined = _edges(joined[:-1])
    # Cutting can leave a mark whose letter is gone, and so another composition.
    return unicodedata.normalize("NFC", joined)


def _kept(character: str) -> str:
    if character in JOINERS:
        return ""  # at a cut or an edge they would be invisible rests
    if character in FORBIDDEN or unicodedata.category(character)[0] in "CZ":
        return " "
    return character


def _edges(text: str) -> str:
    return text.strip("-. ")
