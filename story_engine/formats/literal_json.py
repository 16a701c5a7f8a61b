"""JSON of unknown origin: bounded in size and depth, one kind of error."""

from __future__ import annotations

import json

from story_engine.errors import FixInput

LARGEST_BYTES = 50_000_000
"""A notebook with the pictures of its outputs has tens of megabytes."""


def read_json(text: str, *, name: str) -> object:
    """What the text says.

    Raises:
        FixInput: it is no JSON, too large, or too deep.
    """
    if len(text) > LARGEST_BYTES:
        raise FixInput("files.too_large", path=name, size=len(text), limit=LARGEST_BYTES)
    try:
        return json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError, MemoryError) as error:
        raise FixInput("imports.not_json", name=name, reason=str(error)[:120]) from error
