"""The texts of errors, problems and job states in every language of the Studio, one JSON file per room.

Each file maps a situation to its text per language: `{"not_found": {"en": "…{name}…", "zh": "…"}}`; the code of the
text in `story.json` is then `story.not_found`.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

LANGUAGES = ("zh", "en")
_FOLDER = Path(__file__).parent


def message(code: str, language: str, **values: object) -> str:
    """The text for `code` in `language`, with `values` filled in.

    Raises:
        KeyError: no such code or language (a programmer's error: a test checks every code in use).
    """
    room, _, situation = code.partition(".")
    return _room(room)[situation][language].format(**values)


def known_codes() -> frozenset[str]:
    """Every code that has a text."""
    return frozenset(f"{path.stem}.{name}" for path in _FOLDER.glob("*.json") for name in _room(path.stem))


@cache
def _room(room: str) -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = json.loads((_FOLDER / f"{room}.json").read_text(encoding="utf-8"))
    return texts
