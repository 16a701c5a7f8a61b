"""Names of files made from what people write."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from story_engine.domain.safe_name import RESERVED, name_fault

LONGEST_SLUG = 48
"""Characters."""
LONGEST_SLUG_BYTES = 120
"""UTF-8."""
UNTITLED = "story"


def slug_from(title: str, *, is_taken: Callable[[str], bool]) -> str:
    """A free file name that still reads like `title`: letters and digits of any script, small, joined by hyphens."""
    kept = "".join(
        character if character.isalnum() or unicodedata.category(character).startswith("M") else " "
        for character in unicodedata.normalize("NFKC", title).lower()
    )
    stem = _cut(unicodedata.normalize("NFC", "-".join(kept.split()))) or UNTITLED
    if stem.casefold() in RESERVED:
        stem = f"{stem}-{UNTITLED}"
    slug, count = stem, 1
    while is_taken(slug) or name_fault(slug) is not None:
        count += 1
        slug = f"{stem if name_fault(stem) is None else UNTITLED}-{count}"
    return slug


def _cut(stem: str) -> str:
    stem = stem[:LONGEST_SLUG]
    while len(stem.encode()) > LONGEST_SLUG_BYTES:
        stem = stem[:-1]
    return stem.strip("-")
