"""How a character looks: a picture that shows it, with all that is needed to paint that picture again beside others."""

from __future__ import annotations

from pydantic import ValidationError

from story_engine.domain.findings import Findings, shown
from story_engine.domain.recipe import Recipe
from story_engine.domain.value import Value

AS_DESCRIBED = ""
"""The outfit of a character that wears none of its outfits."""
_LONGEST_REASON = 160


class Look(Value):
    """A picture that somebody chose: this is how the character looks (in one outfit)."""

    scene: str = ""
    """Whose take it is; empty for a picture from outside."""
    recipe: Recipe
    """What it is painted from; its digest names the take. Of a picture from outside: the words for what is in it."""
    words: tuple[int, int]
    """First of the character's words in that prompt, and the first behind them."""
    picture: str
    """SHA-256 of the picture in the store of references: what is looked at where it cannot be painted alongside."""


def read_looks(found: Findings, path: str, value: object) -> object:
    """A mapping of outfits to looks."""
    if not isinstance(value, dict):
        found.add(path, "cast.looks_not_a_mapping", value=shown(value))
        return {}
    clean: dict[str, object] = {}
    for outfit, look in value.items():
        try:
            clean[str(outfit)] = Look.model_validate(look).model_dump(mode="json")
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            found.add(f"{path}.{outfit}", "cast.unreadable_look", reason=f"{where}: {first['msg']}"[:_LONGEST_REASON])
    return clean
