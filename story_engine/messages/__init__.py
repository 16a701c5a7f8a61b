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
_FAMILY_VALUES = ("family", "stand_in", "painted")
_FAMILIES = {
    "en": {"kolors": "Kolors", "preview": "preview model"},
    "zh": {"kolors": "可图", "Kolors": "可图", "preview": "预览模型", "Preview model": "预览模型"},
}
"""Model families by their ids, and by their titles where those are English, as people call them."""


def message(code: str, language: str, **values: object) -> str:
    """The text for `code` in `language`, with `values` filled in; a model family goes by the name that people use.

    Raises:
        KeyError: no such code or language (a programmer's error: a test checks every code in use).
    """
    room, _, situation = code.partition(".")
    names = _FAMILIES[language]
    spoken = {key: names.get(str(values[key]), values[key]) for key in _FAMILY_VALUES if key in values}
    return _room(room)[situation][language].format(**values | spoken)


def known_codes() -> frozenset[str]:
    """Every code that has a text."""
    return frozenset(f"{path.stem}.{name}" for path in _FOLDER.glob("*.json") for name in _room(path.stem))


@cache
def _room(room: str) -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = json.loads((_FOLDER / f"{room}.json").read_text(encoding="utf-8"))
    return texts
